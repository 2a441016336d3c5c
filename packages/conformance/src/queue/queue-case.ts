import type { QueueCapabilities } from '@quorate/core';
import { QueueStage } from './queue-stage.ts';
import type { QueueFault, QueueSubject } from './queue-subject.ts';

/** One promise of the QueueStore seam, as data: it throws where the promise is not kept, and says which. */
export interface QueueCase {
  /** A sentence: what is promised. Unique. */
  readonly name: string;
  /** Runs where this is true. Where a capability is missing, the opposite case runs. Default: everywhere. */
  readonly applies?: (capabilities: QueueCapabilities) => boolean;
  /** What the subject must be able to do to be asked this. */
  readonly needs?: readonly QueueFault[];
  /** Does something to all clients of the subject: run it alone. */
  readonly exclusive?: boolean;
  readonly run: (stage: QueueStage) => Promise<void>;
}

/**
 * Runs one case on a subject. What the case opened is disposed of.
 *
 * @returns nothing where it ran and holds, and why it does not apply where it does not
 * @throws Error that says which promise was broken, under the name of the subject and of the case
 */
export async function runQueueCase(subject: QueueSubject, queueCase: QueueCase): Promise<string | undefined> {
  const missing = queueCase.needs?.find(fault => subject[fault] === undefined);
  if (missing !== undefined) return `the subject offers no "${missing}"`;
  const stage = new QueueStage(subject);
  try {
    const { capabilities } = await stage.open();
    if (queueCase.applies?.(capabilities) === false) return 'its capabilities say otherwise';
    await queueCase.run(stage);
  } catch (thrown) {
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    throw new Error(`${subject.name}: "${queueCase.name}" is not kept: ${message}`, { cause: thrown });
  } finally {
    await stage[Symbol.asyncDispose]();
  }
  return undefined;
}
