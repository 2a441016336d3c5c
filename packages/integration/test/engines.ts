import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock, QueueStore, Store } from '@quorate/core';
import { type Program, type Server, startNats, startPostgres, startRedis } from '@quorate/servers';

/** The engines that processes share. */
export type EngineName = 'lmdb' | 'redis' | 'nats' | 'postgres';

/** Where a store is, in words that fit a process's arguments. */
export interface StoreAddress {
  readonly engine: EngineName;
  readonly at: string;
}

const openers: Readonly<Record<EngineName, (at: string, by: { readonly clock?: Clock }) => Promise<Store>>> =
  {
    async lmdb(path, by) {
      const { createLmdbStore } = await import('@quorate/engine-lmdb');
      return createLmdbStore({ path, durability: 'os', ...by });
    },
    async redis(url, by) {
      const { createRedisStore } = await import('@quorate/engine-redis');
      return createRedisStore({ url, ...by });
    },
    async nats(servers, by) {
      const { createNatsStore } = await import('@quorate/engine-nats');
      const { connect } = await import('@nats-io/transport-node');
      const connection = await connect({ servers, maxReconnectAttempts: -1, reconnectTimeWait: 100 });
      return createNatsStore({ connection, closesConnection: true, ...by });
    },
    async postgres(connectionString, by) {
      const { createPostgresStore } = await import('@quorate/engine-postgres');
      return createPostgresStore({ connectionString, connectionsMax: 4, ...by });
    },
  };

/** Opens a client of a store, in any process, which loads that engine alone. */
export function openStore({ engine, at }: StoreAddress, clock?: Clock): Promise<Store> {
  return openers[engine](at, clock === undefined ? {} : { clock });
}

const queueOpeners: Readonly<Record<EngineName, (at: string) => Promise<QueueStore>>> = {
  async lmdb(path) {
    const { createLmdbQueueStore } = await import('@quorate/engine-lmdb');
    return createLmdbQueueStore({ path });
  },
  async redis(url) {
    const { createRedisQueueStore } = await import('@quorate/engine-redis');
    return createRedisQueueStore({ url });
  },
  async nats(servers) {
    const { createNatsQueueStore } = await import('@quorate/engine-nats');
    const { connect } = await import('@nats-io/transport-node');
    const connection = await connect({ servers, maxReconnectAttempts: -1, reconnectTimeWait: 100 });
    return createNatsQueueStore({ connection, closesConnection: true });
  },
  async postgres(connectionString) {
    const { createPostgresQueueStore } = await import('@quorate/engine-postgres');
    return createPostgresQueueStore({ connectionString, connectionsMax: 4 });
  },
};

/** Opens a client of the queues at the same place. */
export function openQueueStore({ engine, at }: StoreAddress): Promise<QueueStore> {
  return queueOpeners[engine](at);
}

/** A store that outlives every process that uses it, and its server where it has one. */
export interface EngineStand extends AsyncDisposable {
  readonly address: StoreAddress;
  readonly server: Server | undefined;
}

/** What is tested on each engine, and the program that it needs. */
export const engines: readonly { readonly name: EngineName; readonly program: Program | undefined }[] = [
  { name: 'lmdb', program: undefined },
  { name: 'redis', program: 'redis' },
  { name: 'nats', program: 'nats' },
  { name: 'postgres', program: 'postgres' },
];

/** Starts what an engine needs. Data survives the death of its server. */
export async function startEngine(engine: EngineName): Promise<EngineStand> {
  if (engine === 'lmdb') {
    const folder = mkdtempSync(join(tmpdir(), 'quorate-integration-'));
    return {
      address: { engine, at: join(folder, 'store') },
      server: undefined,
      [Symbol.asyncDispose]: async () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }),
    };
  }
  const server = await startServerOf(engine);
  const at = engine === 'postgres' ? `postgres://postgres@127.0.0.1:${server.port}/postgres` : server.url;
  return { address: { engine, at }, server, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

function startServerOf(engine: Exclude<EngineName, 'lmdb'>): Promise<Server> {
  if (engine === 'redis') return startRedis({ appendfsync: 'always' });
  return engine === 'nats' ? startNats() : startPostgres();
}
