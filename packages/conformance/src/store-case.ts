import type { StoreCapabilities } from '@quorate/core';
import { StoreStage } from './store-stage.ts';
import type { StoreFault, StoreSubject } from './store-subject.ts';

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
  const stage = new StoreStage(subject);
  try {
    const { capabilities } = await stage.open();
    if (storeCase.applies?.(capabilities) === false) return 'its capabilities say otherwise';
    await storeCase.run(stage);
  } catch (thrown) {
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    throw new Error(`${subject.name}: "${storeCase.name}" is not kept: ${message}`, { cause: thrown });
  } finally {
    await stage[Symbol.asyncDispose]();
  }
  return undefined;
}
