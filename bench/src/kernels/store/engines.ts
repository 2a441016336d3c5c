import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Store } from '@quorate/core';
import type { MemoryStore } from '@quorate/engine-memory';
import { urlOf } from './services.ts';

// Each engine is loaded where it is used: measured processes load the suite whole, and use one.

/** Clients of one store of a measured process. */
export interface Clients extends AsyncDisposable {
  open(): Promise<Store>;
}

export type Engine = () => Clients;

/** In this process; each client is one of the same memory. */
export const memory: Engine = () => {
  let first: MemoryStore | undefined;
  return clients(async () => {
    if (first !== undefined) return first.open();
    const { createMemoryStore } = await import('@quorate/engine-memory');
    first = createMemoryStore();
    return first;
  });
};

/** In a folder of its own, where an acknowledged write survives the processes. */
export const lmdb: Engine = () => {
  const path = mkdtempSync(join(tmpdir(), 'quorate-bench-'));
  return clients(lmdbAt(path), () => rmSync(path, { recursive: true, force: true }));
};

/** A folder that others remove. */
export const lmdbIn =
  (path: string, commit: Commit): Engine =>
  () =>
    clients(lmdbAt(path, commit));

/** Where commits are done: in a thread for them, or in the one that asks. */
export type Commit = 'thread' | 'inline';

const lmdbAt =
  (path: string, commit: Commit = 'thread') =>
  async (): Promise<Store> => {
    const { createLmdbStore } = await import('@quorate/engine-lmdb');
    return createLmdbStore({ path, durability: 'os', commit });
  };

/** Without persistence. */
export const redis: Engine = () =>
  clients(async () => {
    const { createRedisStore } = await import('@quorate/engine-redis');
    return createRedisStore({ url: urlOf('redis'), prefix: `store-${process.pid}:` });
  });

/** With its data in files, which the server syncs every two minutes. */
export const nats: Engine = () =>
  clients(async () => {
    const { connect } = await import('@nats-io/transport-node');
    const { createNatsStore } = await import('@quorate/engine-nats');
    const connection = await connect({ servers: urlOf('nats') });
    return createNatsStore({ connection, closesConnection: true, name: `STORE-${process.pid}` });
  });

/** With synchronous commit, in a schema of its own. */
export const postgres: Engine = () =>
  clients(async () => {
    const { createPostgresStore } = await import('@quorate/engine-postgres');
    return createPostgresStore({ connectionString: urlOf('postgres'), schema: `store_${process.pid}` });
  });

function clients(open: () => Promise<Store>, end: () => void = () => {}): Clients {
  const opened: Store[] = [];
  return {
    async open() {
      const store = await open();
      opened.push(store);
      return store;
    },
    async [Symbol.asyncDispose]() {
      for (const store of opened.toReversed()) await store[Symbol.asyncDispose]();
      end();
    },
  };
}
