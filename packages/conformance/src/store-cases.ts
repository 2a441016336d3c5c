import { entryCases } from './entry-cases.ts';
import type { StoreCase } from './store-case.ts';

/** What the Store seam promises: all cases, for `runStoreCase`. */
export const storeCases: readonly StoreCase[] = [...entryCases];
