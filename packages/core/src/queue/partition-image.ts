import type { MessageId } from '../ids.ts';
import type { QueuedMessage } from './queued-message.ts';
import type { StateRecord } from './queue-store.ts';

/** An id that is remembered though its message may be gone. */
export interface RememberedId {
  readonly queue: string;
  readonly id: MessageId;
  readonly untilMs: number;
}

/** What a `QueuePartition` holds, as data: for an engine that keeps it by a log of steps, and must not keep the whole log. */
export interface PartitionImage {
  /** The time of its last step. */
  readonly nowMs: number;
  /** The last number given. */
  readonly revision: number;
  /** Messages by queue, in the order in which they were put. Each can be read once. */
  readonly queues: Iterable<readonly [queue: string, messages: Iterable<QueuedMessage>]>;
  readonly remembered: Iterable<RememberedId>;
  readonly records: Iterable<StateRecord>;
}
