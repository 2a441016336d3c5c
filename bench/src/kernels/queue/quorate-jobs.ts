import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { QueueStore } from '@quorate/core';
import type { Commit } from '../store/engines.ts';
import { urlOf } from '../store/services.ts';
import type { Job, JobQueue, OpenJobs } from './job-queue.ts';

// Each engine is loaded where it is used: measured processes load the suite whole, and use one.

/** Opens a store in which a queue lives, and says what is to be tidied up afterwards. */
type OpenStore = (name: string) => Promise<QueueStore>;

/** In this process. */
export const memory: OpenStore = async () => {
  const { createMemoryQueueStore } = await import('@quorate/engine-memory');
  return createMemoryQueueStore();
};

/** In a folder of its own; what is sent is on disk. */
function lmdbWith(commit: Commit): OpenStore {
  return async name => {
    const { createLmdbQueueStore } = await import('@quorate/engine-lmdb');
    const path = join(tmpdir(), `quorate-${name}`);
    process.once('exit', () => rmSync(path, { recursive: true, force: true }));
    return createLmdbQueueStore({ path, commit });
  };
}

export const lmdb: OpenStore = lmdbWith('thread');
export const lmdbInline: OpenStore = lmdbWith('inline');

/** As the server keeps it. */
export const redis: OpenStore = async name => {
  const { createRedisQueueStore } = await import('@quorate/engine-redis');
  return createRedisQueueStore({ url: urlOf('redis'), prefix: `${name}:` });
};

/** With its data in files, which the server syncs every two minutes. */
export const nats: OpenStore = async name => {
  const { connect } = await import('@nats-io/transport-node');
  const { createNatsQueueStore } = await import('@quorate/engine-nats');
  const connection = await connect({ servers: urlOf('nats') });
  return createNatsQueueStore({ connection, closesConnection: true, name });
};

/** With synchronous commit. */
export const postgres: OpenStore = async () => {
  const { createPostgresQueueStore } = await import('@quorate/engine-postgres');
  return createPostgresQueueStore({ connectionString: urlOf('postgres') });
};

/** The engines that processes have in common, by names that can be told to another process. */
export const openStores = { lmdb, redis, nats, postgres } as const;

export type StoreKind = keyof typeof openStores;

/** Ours, with everything that it has: leases that are kept, attempts that are charged, retries, dead letters. */
export function quorateJobs(openStore: OpenStore): OpenJobs {
  return async (name): Promise<JobQueue> => {
    const { createQueues } = await import('@quorate/queue');
    const store = await openStore(name);
    const queues = createQueues({ store });
    const queue = `${name}/jobs`;
    const producer = queues.producer<Job>(queue);
    return {
      send: async job => producer.send(job),
      fill: async jobs => producer.sendMany(jobs),
      async work(concurrency, handle) {
        return queues.consume<Job>(queue, ({ body }) => handle(body), { concurrency });
      },
      async [Symbol.asyncDispose]() {
        await queues[Symbol.asyncDispose]();
        await store[Symbol.asyncDispose]();
      },
    };
  };
}

/** The verbs of the store alone: leased and acknowledged in batches, and nothing beside. */
export function bareJobs(openStore: OpenStore): OpenJobs {
  return async (name): Promise<JobQueue> => {
    const store = await openStore(name);
    const queue = `${name}/jobs`;
    const put = (jobs: readonly Job[]): Promise<unknown> =>
      store.put(jobs.map(job => ({ queue, message: { body: Buffer.from(JSON.stringify(job)) } })));
    return {
      send: async job => put([job]),
      async fill(jobs) {
        for (let from = 0; from < jobs.length; from += 1000) await put(jobs.slice(from, from + 1000));
      },
      async work(concurrency, handle) {
        const controller = new AbortController();
        const { signal } = controller;
        const options = {
          messagesMax: concurrency,
          leaseMs: 30_000,
          owner: 'bench',
          waitMs: Infinity,
          signal,
        };
        const working = (async (): Promise<void> => {
          while (!signal.aborted) {
            const leases = await store.lease(queue, options).catch(() => []);
            for (const { body } of leases) handle(JSON.parse(Buffer.from(body).toString()) as Job);
            await store.settle(leases.map(lease => ({ lease, action: { type: 'acknowledge' } })));
          }
        })();
        return {
          async [Symbol.asyncDispose]() {
            controller.abort();
            await working;
          },
        };
      },
      async [Symbol.asyncDispose]() {
        await store[Symbol.asyncDispose]();
      },
    };
  };
}
