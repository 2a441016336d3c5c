import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { QueueStore } from '@quorate/core';

// Each engine is loaded where it is used: measured processes load the suite whole, and use one.

/** The engines that a backlog is measured on. */
export type BacklogEngine = 'lmdb' | 'redis' | 'nats' | 'postgres';

/** Where a queue is, in words that fit a process's environment. */
export interface BacklogPlace {
  readonly engine: BacklogEngine;
  /** A folder, or a server's URL. */
  readonly at: string;
}

/** The queue of every place. */
export const backlogQueue = 'backlog/jobs';

/** Large enough for the largest backlog, bytes. */
const lmdbMaxBytes = 16 * 1024 ** 3;

/** Opens one more client of the queues at a place. */
export async function openPlace({ engine, at }: BacklogPlace): Promise<QueueStore> {
  if (engine === 'lmdb') {
    const { createLmdbQueueStore } = await import('@quorate/engine-lmdb');
    return createLmdbQueueStore({ path: at, maxBytes: lmdbMaxBytes });
  }
  if (engine === 'redis') {
    const { createRedisQueueStore } = await import('@quorate/engine-redis');
    return createRedisQueueStore({ url: at });
  }
  if (engine === 'nats') {
    const { connect } = await import('@nats-io/transport-node');
    const { createNatsQueueStore } = await import('@quorate/engine-nats');
    return createNatsQueueStore({ connection: await connect({ servers: at }), closesConnection: true });
  }
  const { createPostgresQueueStore } = await import('@quorate/engine-postgres');
  return createPostgresQueueStore({ connectionString: at });
}

/**
 * The bytes that a place takes: of LMDB, what its folder has on the disk, its log included; of Redis, the server's memory in use; of
 * JetStream, what its streams hold in their files; of PostgreSQL, the database with its indexes, without the log that every database
 * has.
 */
export async function bytesOfPlace({ engine, at }: BacklogPlace): Promise<number> {
  if (engine === 'lmdb') return bytesOnDisk(at);
  if (engine === 'redis') {
    const { Redis } = await import('ioredis');
    const client = new Redis(at);
    const memory = await client.info('memory');
    client.disconnect();
    return Number(/^used_memory:(\d+)/m.exec(memory)?.[1]);
  }
  if (engine === 'nats') {
    const { connect } = await import('@nats-io/transport-node');
    const { jetstreamManager } = await import('@nats-io/jetstream');
    const connection = await connect({ servers: at });
    const { storage } = await (await jetstreamManager(connection)).getAccountInfo();
    await connection.close();
    return storage;
  }
  const { default: pg } = await import('pg');
  const client = new pg.Client({ connectionString: at });
  await client.connect();
  const { rows } = await client.query<{ bytes: string }>(
    'select pg_database_size(current_database()) as bytes',
  );
  await client.end();
  return Number(rows[0]?.bytes);
}

const blockBytes = 512;

/** What the blocks of a file, or of all files under a folder, take. */
function bytesOnDisk(path: string): number {
  const entry = lstatSync(path);
  if (!entry.isDirectory()) return entry.blocks * blockBytes;
  return readdirSync(path).reduce((sum, name) => sum + bytesOnDisk(join(path, name)), 0);
}
