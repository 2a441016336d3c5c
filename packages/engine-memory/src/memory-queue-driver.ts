import { drivePartitions, type QueueDriver } from '@quorate/core';
import type { MemoryQueues } from './memory-queues.ts';

/** One client's way into the queues of a memory. Every call is done when it returns, so nothing of it can be lost. */
export function memoryQueueDriver(queues: MemoryQueues, bodyMaxBytes: number): QueueDriver {
  return drivePartitions({
    capabilities: {
      durability: 'memory',
      atomicSettle: true,
      atomicPut: true,
      transactionalPut: false,
      crossProcess: false,
      lease: { readyAt: true, lanes: true, oneActivePerKey: true },
      abandon: true,
      leaseGranularityMs: 1,
      bodyMaxBytes,
    },
    now: async () => queues.now(),
    steps: async steps => queues.steps(steps),
    watchQueue: (queue, onReady) => queues.watchQueue(queue, onReady),
    watchState: (prefix, onChange) => queues.watchState(prefix, onChange),
    async [Symbol.asyncDispose]() {},
  });
}
