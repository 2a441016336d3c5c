/** A thread whose handler blocks its event loop until it is told to go on, with a keeper for its leases. */
import { createQueues } from '@quorate/queue';
import { serve, type WorkerContext } from '@quorate/threads/worker';
import openKept from './keeper-store.ts';

export interface BlockedData {
  /** Word 0: 1 once the handler blocks; word 1: set to 1 to let it go on; word 2: how often the lease was lost. */
  readonly words: SharedArrayBuffer;
  readonly queue: string;
  readonly leaseMs: number;
}

export const blockedService = serve(async ({ data }: WorkerContext<BlockedData>) => {
  const words = new Int32Array(data.words);
  const store = await openKept();
  const keeper = { module: new URL('keeper-store.ts', import.meta.url), stuckAfterMs: 600_000 };
  const queues = createQueues({ store, keeper });
  const work = queues.consume(
    data.queue,
    () => {
      Atomics.store(words, 0, 1);
      Atomics.wait(words, 1, 0);
    },
    {
      leaseMs: data.leaseMs,
      prefetch: 0,
      onEvent: ({ type }) => {
        if (type === 'lost') Atomics.add(words, 2, 1);
      },
    },
  );
  return {
    async drain() {
      await work.drain();
      await queues[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
    },
  };
});
