import {
  type Clock,
  driveQueue,
  type QueueStore,
  type Random,
  systemClock,
  systemRandom,
} from '@quorate/core';
import { memoryQueueDriver } from './memory-queue-driver.ts';
import { MemoryQueues } from './memory-queues.ts';
import { hexOf } from './memory-sessions.ts';

/** How a queue store in memory is set up. */
export interface MemoryQueueOptions {
  /** What leases, delays and waits go by. Default: the system's. */
  readonly clock?: Clock;
  /** Where the ids of messages come from. Default: the system's. */
  readonly random?: Random;
  /** The largest body of a message, headers included, and the largest state record. Default 1 MiB. */
  readonly bodyMaxBytes?: number;
}

/** A client of queues in memory, which others can join. */
export interface MemoryQueueStore extends QueueStore {
  /** Opens one more client of the same queues. */
  open(): MemoryQueueStore;
}

/**
 * A QueueStore in this process: what it holds is lost with it. It keeps every promise of the seam, and so stands in for any other
 * engine in tests. Messages stay as long as anybody holds a client of their queues.
 */
export function createMemoryQueueStore(options: MemoryQueueOptions = {}): MemoryQueueStore {
  const { clock = systemClock, random = systemRandom, bodyMaxBytes = 1_048_576 } = options;
  const queues = new MemoryQueues(clock, hexOf(random.bytes(8)));
  const open = (): MemoryQueueStore =>
    Object.assign(driveQueue(memoryQueueDriver(queues, bodyMaxBytes), { clock }), { open });
  return open();
}
