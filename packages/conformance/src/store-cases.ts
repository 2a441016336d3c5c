import { addCases } from './add-cases.ts';
import { argumentCases } from './argument-cases.ts';
import { batchCases } from './batch-cases.ts';
import { capabilityCases } from './capability-cases.ts';
import { closingCases } from './closing-cases.ts';
import { deadlineCases } from './deadline-cases.ts';
import { enqueueCases } from './enqueue-cases.ts';
import { entryCases } from './entry-cases.ts';
import { faultCases } from './fault-cases.ts';
import { historyCases } from './history-cases.ts';
import { keyCases } from './key-cases.ts';
import { listCases } from './list-cases.ts';
import { observeCases } from './observe-cases.ts';
import { operationCases } from './operation-cases.ts';
import { operationVerbCases } from './operation-verb-cases.ts';
import { ownershipCases } from './ownership-cases.ts';
import { sessionCases } from './session-cases.ts';
import type { StoreCase } from './store-case.ts';
import { watchCases } from './watch-cases.ts';
import { watchEndCases } from './watch-end-cases.ts';
import { watchGapCases } from './watch-gap-cases.ts';

/** What the Store seam promises: all cases, for `runStoreCase`. */
export const storeCases: readonly StoreCase[] = [
  ...capabilityCases,
  ...entryCases,
  ...ownershipCases,
  ...listCases,
  ...keyCases,
  ...sessionCases,
  ...observeCases,
  ...watchCases,
  ...watchEndCases,
  ...watchGapCases,
  ...enqueueCases,
  ...addCases,
  ...batchCases,
  ...operationCases,
  ...operationVerbCases,
  ...argumentCases,
  ...closingCases,
  ...deadlineCases,
  ...faultCases,
  ...historyCases,
];
