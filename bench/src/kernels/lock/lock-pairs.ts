import { createLocks, type Mutex } from '@quorate/lock';
import type { Engine } from '../store/engines.ts';
import type { OpenPairs } from './pairs.ts';

/** Ours: mutexes of one manager on an engine. */
export function lockPairs(engine: Engine): OpenPairs {
  return async () => {
    const clients = engine();
    const store = await clients.open();
    const locks = createLocks({ store, prefix: `bench-${process.pid}` });
    const mutexes: Mutex[] = [];
    return {
      async pair(index) {
        const mutex = (mutexes[index] ??= locks.mutex(`order:${index}`));
        const lock = await mutex.acquire();
        const { fence } = lock;
        await lock.release();
        return fence;
      },
      async close() {
        await locks[Symbol.asyncDispose]();
        await clients[Symbol.asyncDispose]();
      },
    };
  };
}
