import type { StoreCapabilities } from '@quorate/core';
import { runSeamCase, type SeamCase } from './seam-case.ts';
import { StoreStage } from './store-stage.ts';
import type { StoreFault, StoreSubject } from './store-subject.ts';

/** One promise of the Store seam. */
export type StoreCase = SeamCase<StoreCapabilities, StoreFault, StoreStage>;

/** Runs one case on a subject: see `runSeamCase`. */
export function runStoreCase(subject: StoreSubject, storeCase: StoreCase): Promise<string | undefined> {
  const { name, clock, ttlMs } = subject;
  return runSeamCase(
    { name, clock, ttlMs, faults: subject },
    storeCase,
    options => new StoreStage(subject, options),
  );
}
