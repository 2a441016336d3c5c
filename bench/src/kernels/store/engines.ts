import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '@nats-io/transport-node';
import type { Store } from '@quorate/core';
import { createLmdbStore } from '@quorate/engine-lmdb';
import { createMemoryStore, type MemoryStore } from '@quorate/engine-memory';
import { createNatsStore } from '@quorate/engine-nats';
import { createPostgresStore } from '@quorate/engine-postgres';
import { createRedisStore } from '@quorate/engine-redis';
import { urlOf } from './services.ts';

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
  (path: string): Engine =>
  () =>
    clients(lmdbAt(path));

const lmdbAt = (path: string) => async (): Promise<Store> => createLmdbStore({ path, durability: 'os' });

/** Without persistence. */
export const redis: Engine = () =>
  clients(async () => createRedisStore({ url: urlOf('redis'), prefix: `store-${process.pid}:` }));

/** With its data in files, which the server syncs every two minutes. */
export const nats: Engine = () =>
  clients(async () => {
    const connection = await connect({ servers: urlOf('nats') });
    return createNatsStore({ connection, closesConnection: true, name: `STORE-${process.pid}` });
  });

/** With synchronous commit, in a schema of its own. */
export const postgres: Engine = () =>
  clients(async () =>
    createPostgresStore({ connectionString: urlOf('postgres'), schema: `store_${process.pid}` }),
  );

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
