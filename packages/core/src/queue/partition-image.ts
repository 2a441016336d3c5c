import type { MessageId } from '../ids.ts';
import type { Whereabouts } from './queued-message.ts';
import type { StateRecord } from './queue-store.ts';

/** An id that is remembered though its message may be gone. */
export interface RememberedId {
  readonly queue: string;
  readonly id: MessageId;
  readonly untilMs: number;
}

/** A message, and all that its queue knows of it. */
export interface MessageImage {
  readonly id: MessageId;
  readonly body: Uint8Array;
  readonly lane: number;
  readonly key: string | undefined;
  readonly keyActiveMax: number;
  readonly putAtMs: number;
  /** In which order messages were put; unique in the partition. */
  readonly sequence: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly where: Whereabouts;
  readonly readyAtMs: number;
  /** Its turn among those that are ready since the same time: when it was put or released. */
  readonly turn: number;
  /** Of its last lease; raised once more when that is over for good. 0 before the first. */
  readonly token: number;
  readonly owner: string;
  readonly leasedUntilMs: number;
  readonly deliveryCount: number;
  readonly attemptCount: number;
}

/** What a `QueuePartition` holds, as data: for an engine that keeps it by a log of steps, and must not keep the whole log. */
export interface PartitionImage {
  /** The time of its last step. */
  readonly nowMs: number;
  /** The last number given. */
  readonly revision: number;
  /** Messages by queue, in the order in which they were put. Each can be read once. */
  readonly queues: Iterable<readonly [queue: string, messages: Iterable<MessageImage>]>;
  readonly remembered: Iterable<RememberedId>;
  readonly records: Iterable<StateRecord>;
}
