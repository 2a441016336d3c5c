import type { StoreCapabilities } from '@quorate/core';
import { Stillness } from './stillness.ts';
import { StoreStage } from './store-stage.ts';
import type { StoreFault, StoreSubject } from './store-subject.ts';

/** How often a case is tried that holds only while the machine does not stand still. */
const attemptsMax = 4;

/** Times to live are so much longer at most in a later attempt. */
const longerMax = 4;

/** Standing still for so much of a time to live is said to have broken an attempt. */
const breakingShare = 1 / 5;

/**
 * One promise of the Store seam, as data: it throws where the promise is not kept, and says which. Cases know no test runner, and
 * take time and chance from their subject alone, so that they run under the simulator as well.
 */
export interface StoreCase {
  /** A sentence: what is promised. Unique. */
  readonly name: string;
  /** Runs where this is true. Where a capability is missing, the opposite case runs. Default: everywhere. */
  readonly applies?: (capabilities: StoreCapabilities) => boolean;
  /** What the subject must be able to do to be asked this. */
  readonly needs?: readonly StoreFault[];
  /** Does something to all clients of the subject: run it alone. */
  readonly exclusive?: boolean;
  /**
   * Goes wrong, on a correct store too, where the machine stands still for about the time to live of a session. An attempt that
   * failed while it did is made again, with other clients and longer times to live; one that failed by itself is not.
   */
  readonly timed?: boolean;
  readonly run: (stage: StoreStage) => Promise<void>;
}

/**
 * Runs one case on a subject. What the case opened is disposed of.
 *
 * @returns nothing where it ran and holds, and why it does not apply where it does not
 * @throws Error that says which promise was broken, under the name of the subject and of the case
 */
export async function runStoreCase(subject: StoreSubject, storeCase: StoreCase): Promise<string | undefined> {
  const missing = storeCase.needs?.find(fault => subject[fault] === undefined);
  if (missing !== undefined) return `the subject offers no "${missing}"`;
  for (let attempt = 1; ; attempt++) {
    const ttlMs = subject.ttlMs * Math.min(2 ** (attempt - 1), longerMax);
    using stillness = new Stillness(subject.clock, ttlMs / 20);
    try {
      return await attempted(storeCase, new StoreStage(subject, { ttlMs, stillness }));
    } catch (thrown) {
      const { longestMs } = stillness;
      const isBroken = storeCase.timed === true && longestMs > ttlMs * breakingShare;
      if (isBroken && attempt < attemptsMax) continue;
      const message = thrown instanceof Error ? thrown.message : String(thrown);
      const but = isBroken
        ? ` (in each of ${attemptsMax} attempts the machine or the store stood still, in the last for ${Math.round(longestMs)} ms)`
        : '';
      throw new Error(`${subject.name}: "${storeCase.name}" is not kept${but}: ${message}`, {
        cause: thrown,
      });
    }
  }
}

async function attempted(storeCase: StoreCase, stage: StoreStage): Promise<string | undefined> {
  try {
    const { capabilities } = await stage.open();
    if (storeCase.applies?.(capabilities) === false) return 'its capabilities say otherwise';
    await storeCase.run(stage);
  } finally {
    await stage[Symbol.asyncDispose]();
  }
  return undefined;
}
