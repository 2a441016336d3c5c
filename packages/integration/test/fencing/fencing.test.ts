import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  fencedLmdbWrite,
  fencedPostgresWrite,
  fencedRedisWrite,
  lockInTransaction,
  postgresFenceTable,
  tryLockInTransaction,
} from '@quorate/lock';
import { type Server, skipReason, startPostgres, startRedis } from '@quorate/servers';
import { Redis } from 'ioredis';
import { open } from 'lmdb';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

// Beyond what a number of Lua or JavaScript tells apart.
const fence = 2n ** 60n + 1n;
const [older, newer] = [fence - 1n, fence + 1n];

const noPostgres = skipReason('postgres');
describe.skipIf(noPostgres !== undefined)('PostgreSQL (needs postgres)', { timeout: 60_000 }, () => {
  let server: Server;
  const clients: pg.Client[] = [];
  const connect = async (): Promise<pg.Client> => {
    const client = new pg.Client({ connectionString: server.url });
    await client.connect();
    clients.push(client);
    return client;
  };
  beforeAll(async () => {
    server = await startPostgres();
    const client = await connect();
    await client.query(postgresFenceTable());
    await client.query('create table balances (id int primary key, amount int)');
    await client.query('insert into balances values (1, 0)');
  });
  afterAll(async () => {
    for (const client of clients) await client.end();
    await server[Symbol.asyncDispose]();
  });

  const add = (client: pg.Client) => client.query('update balances set amount = amount + 1');
  const amount = async (client: pg.Client): Promise<number> =>
    (await client.query('select amount from balances')).rows[0].amount;

  test('a stale write changes nothing, and a failing one neither data nor fence', async () => {
    const client = await connect();
    expect(await fencedPostgresWrite(client, 'r', fence, add)).toMatchObject({ outcome: 'written' });
    expect(await fencedPostgresWrite(client, 'r', fence, add)).toMatchObject({ outcome: 'written' });
    const fails = async (): Promise<never> => {
      await add(client);
      throw new Error('of its own');
    };
    await expect(fencedPostgresWrite(client, 'r', newer, fails)).rejects.toThrow('of its own');
    expect(await fencedPostgresWrite(client, 'r', fence, add)).toMatchObject({ outcome: 'written' });
    // A statement that fails ends the transaction, whether anybody minds or not.
    const careless = async (): Promise<void> => {
      await add(client);
      await client.query('select 1 / 0').catch(() => {});
    };
    await expect(fencedPostgresWrite(client, 'r', fence, careless)).rejects.toThrow('Nothing was written');
    expect(await fencedPostgresWrite(client, 'r', older, add)).toEqual({ outcome: 'stale', newest: fence });
    expect(await fencedPostgresWrite(client, 'other', 0n, () => 7)).toEqual({
      outcome: 'written',
      result: 7,
    });
    expect(await amount(client)).toBe(3);
  });

  test('of two that overlap the older one waits, and is refused then', async () => {
    const [one, other] = [await connect(), await connect()];
    const before = await amount(one);
    const entered = Promise.withResolvers<void>();
    const leave = Promise.withResolvers<void>();
    const first = fencedPostgresWrite(one, 'overlap', newer, async () => {
      await add(one);
      entered.resolve();
      await leave.promise;
    });
    await entered.promise;
    const second = fencedPostgresWrite(other, 'overlap', fence, add);
    leave.resolve();
    expect(await first).toMatchObject({ outcome: 'written' });
    expect(await second).toEqual({ outcome: 'stale', newest: newer });
    expect(await amount(one)).toBe(before + 1);
  });

  test('a lock in a transaction is held until its end, and a wait for it ends by its deadline', async () => {
    const [one, other] = [await connect(), await connect()];
    await one.query('begin');
    await lockInTransaction(one, 'n');
    await other.query('begin');
    expect(await tryLockInTransaction(other, 'n')).toBe(false);
    expect(await tryLockInTransaction(other, 'another')).toBe(true);
    await expect(lockInTransaction(other, 'n', { deadlineMs: 50 })).rejects.toMatchObject({
      code: 'DEADLINE_EXCEEDED',
    });
    await other.query('rollback');
    await one.query('commit');
    await other.query('begin');
    await lockInTransaction(other, 'n', { deadlineMs: 5000, shared: true });
    expect((await other.query('show lock_timeout')).rows[0].lock_timeout).toBe('0');
    await one.query('begin');
    expect(await tryLockInTransaction(one, 'n', { shared: true })).toBe(true);
    expect(await tryLockInTransaction(one, 'n')).toBe(false);
    await one.query('rollback');
    await other.query('rollback');
  });
});

const noRedis = skipReason('redis');
describe.skipIf(noRedis !== undefined)('Redis (needs redis-server)', { timeout: 60_000 }, () => {
  let server: Server;
  let redis: Redis;
  beforeAll(async () => {
    server = await startRedis();
    redis = new Redis(server.url);
  });
  afterAll(async () => {
    redis.disconnect();
    await server[Symbol.asyncDispose]();
  });

  test('commands are carried out in one step, unless the fence is stale', async () => {
    const write = (by: bigint, value: string) =>
      fencedRedisWrite(
        redis,
        'fence',
        by,
        ['k', 'n'],
        [
          ['SET', 'k', value],
          ['INCRBY', 'n', 2],
        ],
      );
    expect(await write(9n, 'nine')).toEqual({ outcome: 'written', result: ['OK', 2] });
    expect(await write(fence, 'a')).toEqual({ outcome: 'written', result: ['OK', 4] });
    expect(await write(fence, 'again')).toMatchObject({ outcome: 'written' });
    // As doubles these are all the same.
    expect(await write(older, 'stale')).toEqual({ outcome: 'stale', newest: fence });
    expect(await write(10n, 'stale')).toEqual({ outcome: 'stale', newest: fence });
    expect(await redis.get('k')).toBe('again');
    expect(await write(newer, 'b')).toMatchObject({ outcome: 'written' });
    expect(await redis.get('n')).toBe('8');
  });
});

describe('LMDB', () => {
  test('a stale write does not run, and a failing one leaves neither data nor fence', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'quorate-fencing-'));
    const root = open({ path: folder });
    const fences = root.openDB<string, string>({ name: 'fences', encoding: 'string' });
    const data = root.openDB<number, string>({ name: 'data' });
    try {
      const put = (value: number) => (): unknown => data.put('k', value);
      expect(fencedLmdbWrite(fences, 'r', fence, put(1)).outcome).toBe('written');
      const fails = (): never => {
        put(2)();
        throw new Error('of its own');
      };
      expect(() => fencedLmdbWrite(fences, 'r', newer, fails)).toThrow('of its own');
      expect(data.get('k')).toBe(1);
      expect(fencedLmdbWrite(fences, 'r', older, put(3))).toEqual({ outcome: 'stale', newest: fence });
      expect(fencedLmdbWrite(fences, 'r', fence, put(4)).outcome).toBe('written');
      expect(data.get('k')).toBe(4);
    } finally {
      await root.close();
      rmSync(folder, { recursive: true });
    }
  });
});
