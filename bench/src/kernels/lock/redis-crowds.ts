import { createLocks, type Mutex } from '@quorate/lock';
import { urlOf } from '../store/services.ts';
import type { Contender, OpenCrowd } from './crowd.ts';

const ttlMs = 10_000;

/** Ours. Everybody has a manager and connections to himself, so that the lock always goes by the server. */
export const managers: OpenCrowd = async count => {
  const { createRedisStore } = await import('@quorate/engine-redis');
  const stack = new AsyncDisposableStack();
  const make = async (): Promise<Contender> => {
    const store = stack.use(await createRedisStore({ url: urlOf('redis') }));
    const locks = stack.use(createLocks({ store, prefix: `crowd-${process.pid}` }));
    return contender(locks.mutex('order:42'));
  };
  const contenders = await Promise.all(Array.from({ length: count }, make));
  return { contenders, [Symbol.asyncDispose]: () => stack.disposeAsync() };
};

/** Ours, where all are tasks of one process: the lock goes from one to the next without the server for a while. */
export const tasks: OpenCrowd = async count => {
  const { createRedisStore } = await import('@quorate/engine-redis');
  const stack = new AsyncDisposableStack();
  const store = stack.use(await createRedisStore({ url: urlOf('redis') }));
  const locks = stack.use(createLocks({ store, prefix: `tasks-${process.pid}` }));
  const contenders = Array.from({ length: count }, () => contender(locks.mutex('order:42')));
  return { contenders, [Symbol.asyncDispose]: () => stack.disposeAsync() };
};

/** Redlock looks again every 200 ms, give or take 100, as by default; it would give up after ten times, here it does not. */
export const redlocks: OpenCrowd = async count => {
  const { Redis } = await import('ioredis');
  const { default: Redlock } = await import('redlock');
  const name = `redlock-${process.pid}`;
  const clients = Array.from({ length: count }, () => new Redis(urlOf('redis')));
  await Promise.all(clients.map(async client => client.ping()));
  const contenders = clients.map((client): Contender => {
    const redlock = new Redlock([client], { retryCount: -1 });
    return {
      async acquire() {
        const lock = await redlock.acquire([name], ttlMs);
        return async () => void (await lock.release());
      },
    };
  });
  const close = async (): Promise<void> => void (await Promise.all(clients.map(client => client.quit())));
  return { contenders, [Symbol.asyncDispose]: close };
};

function contender(mutex: Mutex): Contender {
  return {
    async acquire() {
      const lock = await mutex.acquire();
      return () => lock.release();
    },
  };
}
