import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type Revision, sessionId, type Store, type StoreCapabilities } from '@quorate/core';
import { type RedisOptions, skipReason } from '@quorate/servers';
import { Redis } from 'ioredis';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { createRedisStore } from '../src/index.ts';
import type { Script } from '../src/scripts/script.ts';
import {
  enterPartitionScript,
  observeSessionScript,
  renewSessionScript,
} from '../src/scripts/session-scripts.ts';
import { RedisStand } from './redis-stand.ts';

const reason = skipReason('redis');
const absent = { absent: true } as const;
const empty = new Uint8Array();
const waiting = { timeout: 10_000, interval: 10 };

let stand: RedisStand | undefined;

async function standing(options: RedisOptions = {}): Promise<RedisStand> {
  stand = await RedisStand.start(options);
  return stand;
}

afterEach(async () => {
  vi.restoreAllMocks();
  await stand?.[Symbol.asyncDispose]();
  stand = undefined;
});

describe.skipIf(reason !== undefined)('capabilities (needs redis-server)', () => {
  test.each<[RedisOptions, Partial<StoreCapabilities>]>([
    [{}, { durability: 'memory', linearizable: true, fenceSurvivesLoss: true }],
    [{ appendfsync: 'everysec' }, { durability: 'memory' }],
    [{ appendfsync: 'no' }, { durability: 'os' }],
    [{ appendfsync: 'always' }, { durability: 'fsync' }],
    [{ appendfsync: 'always', args: ['--no-appendfsync-on-rewrite', 'yes'] }, { durability: 'os' }],
    [{ appendfsync: 'always', args: ['--rename-command', 'CONFIG', ''] }, { durability: 'memory' }],
  ])('%j', async (options, expected) => {
    const store = await (await standing(options)).open();
    expect(store.capabilities).toMatchObject(expected);
  });

  test('are what the options say where the server does not let us ask', async () => {
    // ioredis says that it could not ask either.
    vi.spyOn(console, 'warn').mockImplementation(() => {});
    const opened = await standing({
      args: ['--user', 'default', 'on', 'nopass', '~*', '&*', '+@all', '-config', '-info'],
    });
    const closed = await opened.open();
    expect(closed.capabilities).toMatchObject({
      durability: 'memory',
      linearizable: false,
      fenceSurvivesLoss: false,
    });
    const said = await opened.open({ durability: 'fsync', standsAlone: true });
    expect(said.capabilities).toMatchObject({
      durability: 'fsync',
      linearizable: true,
      fenceSurvivesLoss: true,
    });
  });

  test('a server with a replica may lose what it acknowledged', async () => {
    // Without the rest that a server takes in case that more replicas come.
    const { server } = await standing({ args: ['--repl-diskless-sync-delay', '0'] });
    await using replica = await RedisStand.start({
      args: ['--replicaof', '127.0.0.1', `${server.port}`],
    });
    await vi.waitFor(
      async () => expect(await replica.client().info('replication')).toContain('master_link_status:up'),
      { timeout: 20_000, interval: 50 },
    );
    const { capabilities } = await (stand as RedisStand).open();
    expect(capabilities).toMatchObject({ linearizable: false, fenceSurvivesLoss: false });
  });

  test('a server that evicts entries is warned of, and not called linearizable', async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error): number => warnings.push(warning);
    process.on('warning', onWarning);
    const args = ['--maxmemory', '64mb', '--maxmemory-policy', 'allkeys-lru'];
    const store = await (await standing({ args })).open();
    expect(store.capabilities.linearizable).toBe(false);
    await vi.waitFor(() => expect(warnings).toHaveLength(1), waiting);
    expect(warnings[0]).toMatchObject({ code: 'QUORATE_REDIS_EVICTION' });
    expect(warnings[0]?.message).toContain('allkeys-lru');
    process.off('warning', onWarning);
  });
});

describe.skipIf(reason !== undefined)('what is left behind (needs redis-server)', () => {
  test('after the last session has ended nothing but what expires', async () => {
    const opened = await standing();
    const store = await opened.open();
    const raw = opened.client();
    const session = await store.session({ ttlMs: 6000 });
    const { id } = session;
    await store.put('plain/a', empty, absent);
    const queued = await store.enqueue!('lock/q/', empty, {
      session: id,
      operation: { session: id, sequence: 1 },
    });
    await store.put('kept/a', empty, absent, { session: id });
    if (queued.outcome !== 'applied') throw new Error('Not applied');
    await store.delete(queued.self.key, { created: queued.self.created });
    const [plain] = (await store.list('plain/')).entries;
    await store.delete('plain/a', { created: plain!.created });
    await session[Symbol.asyncDispose]();
    expect(await store.get('kept/a')).toBeUndefined();
    await vi.waitFor(async () => {
      const keys = await raw.keys('*');
      const lasting = [];
      for (const key of keys) if ((await raw.pttl(key)) === -1) lasting.push(key);
      expect(lasting).toEqual([]);
    }, waiting);
    expect((await raw.keys('*')).length).toBeGreaterThan(0);
  });

  test('a partition that was about to expire stays once it is used again', async () => {
    const opened = await standing();
    const store = await opened.open();
    const raw = opened.client();
    const first = await store.put('p/a', empty, absent);
    if (first.outcome !== 'applied') throw new Error('Not applied');
    await store.delete('p/a', { created: first.revision });
    expect(await raw.pttl('quorate:{p}')).toBeGreaterThan(0);
    const session = await store.session({ ttlMs: 60_000 });
    for (const use of [
      () => store.put('p/a', empty, absent),
      () => store.enqueue!('p/q/', empty, { session: session.id }),
      () => store.add!('p/n', 1n, { operation: { session: session.id, sequence: 1 } }),
      () => store.batch!(new Map(), [{ type: 'put', key: 'p/b', value: empty }]),
    ]) {
      await raw.del('quorate:{p}');
      const put = await store.put('p/x', empty, absent);
      if (put.outcome !== 'applied') throw new Error('Not applied');
      await store.delete('p/x', { created: put.revision });
      expect(await raw.pttl('quorate:{p}')).toBeGreaterThan(0);
      await use();
      expect(await raw.pttl('quorate:{p}')).toBe(-1);
    }
  });

  test('a store that is disposed of lets its process end', async () => {
    const { server } = await standing();
    const script = `
      import { createRedisStore } from ${JSON.stringify(new URL('../src/index.ts', import.meta.url).href)};
      const store = await createRedisStore({ url: ${JSON.stringify(server.url)} });
      const session = await store.session({ ttlMs: 60_000 });
      const { signal } = new AbortController();
      const watch = (async () => { try { for await (const _ of store.watch('p/', 0, { signal })) {} } catch {} })();
      const observe = store.observe(session.id).catch(() => {});
      await store.put('p/a', new Uint8Array(), { absent: true });
      await store[Symbol.asyncDispose]();
      await Promise.all([watch, observe]);
    `;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'inherit' });
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  test('a client that is handed in is neither used nor closed, and what it does to names and answers is left out', async () => {
    const { server } = await standing();
    const client = new Redis({
      port: server.port,
      lazyConnect: true,
      keyPrefix: 'mine:',
      stringNumbers: true,
    });
    const store = await createRedisStore({ client });
    const { revision } = await store.list('p/');
    const watching = (async () => {
      const { signal } = new AbortController();
      for await (const event of store.watch('p/', revision, { signal })) return event;
      return undefined;
    })();
    const raw = (stand as RedisStand).client();
    await vi.waitFor(async () => expect(await raw.hexists('quorate:{p}', '\0w')).toBe(1), waiting);
    expect(await store.put('p/a', empty, absent)).toMatchObject({
      outcome: 'applied',
      entry: { key: 'p/a' },
    });
    expect(await watching).toMatchObject({ type: 'put' });
    expect(await raw.exists('quorate:{p}')).toBe(1);
    await store[Symbol.asyncDispose]();
    expect(client.status).toBe('wait');
    expect(await client.ping()).toBe('PONG');
    client.disconnect();
  });
});

describe.skipIf(reason !== undefined)('sessions (needs redis-server)', () => {
  test('that were seen dead stay dead, though the clock of the server is set back', async () => {
    const opened = await standing();
    const raw = opened.client();
    const store = await opened.open();
    // What stands there once a deadline has passed is negative; here as of a time that is yet to come, as after a clock was set back.
    const hourUs = 3_600_000_000;
    const nowUs = Date.now() * 1000;
    await raw.zadd(
      'quorate:{/sessions}',
      -(nowUs + hourUs),
      'seen-dead',
      nowUs + hourUs,
      'alive',
      nowUs - 1,
      'expired',
    );
    const ask = (script: Script, session: string) =>
      raw.eval(script.lua, 1, 'quorate:{/sessions}', session, 1000);
    for (const script of [renewSessionScript, enterPartitionScript, observeSessionScript]) {
      expect(await ask(script, 'seen-dead')).toBe(0);
      expect(await ask(script, 'expired')).toBe(0);
      expect(await ask(script, 'never-there')).toBe(0);
      expect(await ask(script, 'alive')).toBeGreaterThan(0);
      await raw.zadd('quorate:{/sessions}', nowUs + hourUs, 'alive');
    }
    const alive = sessionId('seen-dead');
    await store.observe(alive);
    expect(Number(await raw.zscore('quorate:{/sessions}', 'seen-dead'))).toBe(-(nowUs + hourUs));
    const call = { session: alive };
    await expect(store.put('p/a', empty, absent, call)).rejects.toMatchObject({ code: 'SESSION_LOST' });
  });

  test('with more partitions than one turn sweeps are swept all', async () => {
    const opened = await standing();
    const store = await opened.open();
    const other = await opened.open();
    const session = await store.session({ ttlMs: 6000 });
    const partitions = Array.from({ length: 600 }, (_, index) => `p-${index}/a`);
    await Promise.all(partitions.map(key => store.put(key, empty, absent, { session: session.id })));
    opened.proxyOf(store).cut();
    await other.observe(session.id);
    await vi.waitFor(async () => {
      const left = await Promise.all(partitions.map(key => other.get(key)));
      expect(left.filter(entry => entry !== undefined)).toEqual([]);
    }, waiting);
    const raw = opened.client();
    await vi.waitFor(async () => expect(await raw.keys('quorate:{/sessions}*')).toEqual([]), waiting);
  });
});

describe.skipIf(reason !== undefined)('what others do not disturb (needs redis-server)', () => {
  test('stores in two databases of a server hear nothing of each other', async () => {
    const { server } = await standing();
    await using zero = await createRedisStore({ url: server.url });
    await using one = await createRedisStore({ url: `${server.url}/1` });
    const controller = new AbortController();
    const { signal } = controller;
    const events = one.watch('p/', 0 as Revision, { signal })[Symbol.asyncIterator]();
    const next = events.next();
    const raw = (stand as RedisStand).client();
    await vi.waitFor(async () => expect(await raw.pubsub('CHANNELS', '*')).toHaveLength(1), waiting);
    // Asks for what it would be told by the channel of its own, in case that it is the same.
    const watching = (async () => {
      for await (const event of zero.watch('p/', 0 as Revision, { signal })) return event;
      return undefined;
    })();
    await vi.waitFor(async () => expect(await raw.hexists('quorate:{p}', '\0w')).toBe(1), waiting);
    await zero.put('p/zero', empty, absent);
    expect(await watching).toMatchObject({ entry: { key: 'p/zero' } });
    await one.put('p/one', empty, absent);
    expect((await next).value).toMatchObject({ type: 'put', entry: { key: 'p/one' } });
    controller.abort();
  });

  test('sessions that cannot be swept keep nobody from sweeping the rest', async () => {
    const opened = await standing();
    const raw = opened.client();
    await raw.set('quorate:{stuck}', 'mine');
    const deadUs = (Date.now() - 1000) * 1000;
    for (let index = 0; index < 200; index++) {
      await raw.zadd('quorate:{/sessions}', -deadUs - index, `stuck-${index}`);
      await raw.sadd(`quorate:{/sessions}:p:stuck-${index}`, 'stuck');
    }
    await raw.zadd('quorate:{/sessions}', -deadUs + 1, 'older', deadUs, 'expired');
    await raw.sadd('quorate:{/sessions}:p:older', 'p');
    await raw.sadd('quorate:{/sessions}:p:expired', 'p');
    await opened.open({ sweepMs: 50 });
    await vi.waitFor(async () => {
      expect(await raw.zmscore('quorate:{/sessions}', 'older', 'expired')).toEqual([null, null]);
    }, waiting);
    expect(await raw.zcard('quorate:{/sessions}')).toBe(200);
  });

  test('a lock that nobody waits for keeps no log, and with many sessions its entries are not counted anew each time', async () => {
    const opened = await standing();
    const raw = opened.client();
    const store = await opened.open();
    for (let index = 0; index < 30; index++) {
      const { id } = await store.session({ ttlMs: 60_000 });
      const queued = await store.enqueue!('p/q/', empty, {
        session: id,
        operation: { session: id, sequence: 1 },
      });
      if (queued.outcome !== 'applied') throw new Error('Not applied');
      if (index === 29) await raw.config('RESETSTAT');
      await store.delete(queued.self.key, { created: queued.self.created });
    }
    const session = await store.session({ ttlMs: 60_000 });
    await store.enqueue!('p/q/', empty, { session: session.id });
    expect(await raw.exists('quorate:{p}:l')).toBe(0);
    expect(await raw.info('commandstats')).not.toContain('cmdstat_hgetall');
  });

  test('long changes are told, but not kept', async () => {
    const opened = await standing();
    const raw = opened.client();
    const store = await opened.open();
    const { revision } = await store.list('p/');
    const controller = new AbortController();
    const { signal } = controller;
    const events = store.watch('p/', revision, { signal })[Symbol.asyncIterator]();
    const next = events.next();
    await vi.waitFor(async () => expect(await raw.hexists('quorate:{p}', '\0w')).toBe(1), waiting);
    await store.put('p/long', new Uint8Array(1_048_576), absent);
    expect((await next).value.entry.value).toHaveLength(1_048_576);
    await store.put('p/short', empty, absent);
    expect(await raw.llen('quorate:{p}:l')).toBe(1);
    const late = store.watch('p/', revision, { signal })[Symbol.asyncIterator]();
    expect((await late.next()).value).toEqual({ type: 'resync' });
    controller.abort();
  });

  test('a revision outruns those of before a restart, also of a deletion whose entry is older', async () => {
    const { server } = await standing({ appendfsync: 'always' });
    const store = await (stand as RedisStand).open();
    const first = await store.put('p/a', empty, absent);
    const second = await store.put('p/b', empty, absent);
    if (first.outcome !== 'applied' || second.outcome !== 'applied') throw new Error('Not applied');
    const known = await store.delete('p/a', { created: first.revision });
    expect(known).toMatchObject({ outcome: 'applied', revision: second.revision + 1 });
    await server.kill();
    await server.restart();
    const later = await vi.waitFor(() => store.delete('p/b', { created: second.revision }), waiting);
    if (later.outcome !== 'applied') throw new Error('Not applied');
    expect(later.revision).toBeGreaterThan(second.revision + 1000);
  });
});

describe('options', () => {
  test.each([
    [{}, TypeError, 'Options of a Redis store must have either a client or a url'],
    [{ client: {} as never }, TypeError, 'Client must be a Redis or a Cluster of ioredis'],
    [
      { url: 'redis://127.0.0.1:1', prefix: 'a{b}' },
      RangeError,
      'Prefix must have no braces: received "a{b}"',
    ],
    [{ url: 'redis://127.0.0.1:1', sweepMs: 0 }, RangeError, 'Option sweepMs must be from 1 to 2147483647'],
  ])('%j are refused', async (options, type, message) => {
    const thrown = await createRedisStore(options).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(thrown).toBeInstanceOf(type);
    expect((thrown as Error).message).toContain(message);
  });

  test('without a server there is no store', async () => {
    const opening: Promise<Store> = createRedisStore({ url: 'redis://127.0.0.1:1' });
    await expect(opening).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      outcome: 'not-applied',
      retryable: true,
    });
  });
});
