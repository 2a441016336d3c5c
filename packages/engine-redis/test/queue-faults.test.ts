import { type LeasedMessage, type MessageId, type PutResult, type QueueStore } from '@quorate/core';
import { type RedisOptions, skipReason } from '@quorate/servers';
import type { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createRedisQueueStore } from '../src/index.ts';
import { RedisStand } from './redis-stand.ts';

const reason = skipReason('redis');
const waiting = { timeout: 20_000, interval: 10 };
const queue = 'p/queue';
const all = { messagesMax: 100, leaseMs: 60_000, owner: 'o' };
const acknowledge = { type: 'acknowledge' } as const;

let stand: RedisStand;
let raw: Redis;
let store: QueueStore;

const put = (text: string, options: object = {}): Promise<readonly PutResult[]> =>
  store.put([{ queue, message: { body: Buffer.from(text), ...options } }]);

const settle = (messages: readonly LeasedMessage[]): ReturnType<QueueStore['settle']> =>
  store.settle(messages.map(lease => ({ lease, action: acknowledge })));

function texts(messages: readonly { readonly body: Uint8Array }[]): string[] {
  return messages.map(({ body }) => Buffer.from(body).toString());
}

/** Carries a call out whose answer is lost with the connection, and waits until its effect is there. */
async function losing<Result>(call: () => Promise<Result>, isDone: () => Promise<boolean>): Promise<Result> {
  const proxy = stand.proxyOf(store);
  proxy.mute('toClient');
  const lost = call();
  await vi.waitFor(async () => expect(await isDone()).toBe(true), waiting);
  proxy.cut();
  const result = await lost;
  proxy.heal();
  await vi.waitFor(() => store.now(), waiting);
  return result;
}

const count = (): Promise<number> => raw.zcard('quorate:{p}:q:m:p/queue');

describe.skipIf(reason !== undefined)('faults of queues (needs redis-server)', () => {
  beforeEach(async () => {
    stand = await RedisStand.start();
    raw = stand.client();
    store = await stand.openQueues();
    // The server has the scripts then.
    await put('first');
    await settle(await store.lease(queue, all));
  });
  afterEach(() => stand[Symbol.asyncDispose]());

  test('a put whose answer is lost is unknown, and a duplicate under its id', async () => {
    const options = { id: 'order-1', rememberMs: 60_000 };
    const [lost] = await losing(
      () => put('a', options),
      async () => (await count()) === 1,
    );
    expect(lost).toMatchObject({ outcome: 'unknown', cause: { code: 'UNAVAILABLE' } });
    expect(await put('a', options)).toEqual([{ outcome: 'applied', id: 'order-1', duplicate: true }]);
    expect(texts(await store.lease(queue, all))).toEqual(['a']);
  });

  test('a settlement whose answer is lost is unknown, was carried out once, and is lost when it is repeated', async () => {
    await put('a');
    const messages = await store.lease(queue, all);
    const puts = [{ queue: 'p/next', message: { body: Buffer.from('b') } }];
    const settlements = [{ lease: messages[0]!, action: acknowledge, puts }];
    const [lost] = await losing(
      () => store.settle(settlements),
      async () => (await count()) === 0,
    );
    expect(lost).toMatchObject({ outcome: 'unknown' });
    expect(await store.settle(settlements)).toEqual([{ outcome: 'not-applied', reason: 'lost' }]);
    expect(texts(await store.lease('p/next', all))).toEqual(['b']);
  });

  test('what is asked for without a connection is refused, and goes on when there is one', async () => {
    const proxy = stand.proxyOf(store);
    proxy.cut();
    const isRefused = async (): Promise<void> => {
      const error = await put('a').catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'UNAVAILABLE', outcome: 'not-applied', retryable: true });
    };
    await vi.waitFor(isRefused, waiting);
    proxy.heal();
    await vi.waitFor(() => store.now(), waiting);
    await put('b');
    expect(texts(await store.lease(queue, all)).at(-1)).toBe('b');
  });

  test('a server that has forgotten the scripts is given them again', async () => {
    await raw.script('FLUSH');
    await Promise.all(Array.from({ length: 20 }, (_, index) => put(`${index}`)));
    expect(await settle(await store.lease(queue, all))).toHaveLength(20);
  });

  test('who waits is told of what comes, without looking again and again', async () => {
    const patient = await stand.openQueues({ pollMs: 600_000 });
    for (let round = 0; round < 20; round++) {
      const waits = patient.lease(queue, { ...all, waitMs: 600_000 });
      const other = patient.lease('p/other', { ...all, waitMs: 600_000 });
      if (round % 2 === 0) await new Promise(resolve => setTimeout(resolve, round));
      await put(`${round}`);
      expect(texts(await waits)).toEqual([`${round}`]);
      await store.put([{ queue: 'p/other', message: { body: Buffer.from('x') } }]);
      await settle(await other);
    }
  });

  test('who waits finds what comes though the server lost what it was to be told', async () => {
    const other = await stand.openQueues({ pollMs: 50 });
    const waits = other.lease(queue, { ...all, waitMs: 600_000 });
    await vi.waitFor(async () => expect(await raw.hexists('quorate:{p}:qw', queue)).toBe(1), waiting);
    await raw.flushall();
    await put('a');
    expect(texts(await waits)).toEqual(['a']);
  });

  test('tokens and ids go on growing where all data was lost', async () => {
    const [before] = await put('a');
    const [old] = await store.lease(queue, all);
    await raw.flushall();
    const [after] = await put('b');
    const [message] = await store.lease(queue, all);
    expect(message!.token).toBeGreaterThan(old!.token);
    expect(after).not.toEqual(before);
    expect(await settle([old!])).toEqual([{ outcome: 'not-applied', reason: 'lost' }]);
    expect(await settle([message!])).toEqual([{ outcome: 'applied' }]);
  });

  test('many callers at once share a few scripts, and each has its own answer', async () => {
    await raw.config('RESETSTAT');
    const ids = Array.from({ length: 500 }, (_, index) => `id-${index}` as MessageId);
    const results = await Promise.all(ids.map(id => put(id, { id })));
    expect(results.map(([result]) => result)).toEqual(
      ids.map(id => ({ outcome: 'applied', id, duplicate: false })),
    );
    const stats = await raw.info('commandstats');
    expect(Number(/cmdstat_evalsha:calls=(\d+)/.exec(stats)?.[1])).toBeLessThan(20);
  });

  test('a queue that was emptied leaves nothing but its partition’s revision, and the format', async () => {
    const messages = [
      {},
      { lane: 3 },
      { key: 'k' },
      { key: 'k' },
      { id: 'x' },
      { delayMs: 5 },
      { headers: { a: '1' } },
    ];
    await store.put(messages.map(each => ({ queue, message: { body: Buffer.from('a'), ...each } }) as never));
    await store.inspect.remove(queue, ['x' as MessageId]);
    for (let left = 6; left > 0; ) {
      const leased = await store.lease(queue, { ...all, waitMs: 10_000 });
      const [first, ...others] = leased;
      await store.settle([{ lease: first!, action: { type: 'release', delayMs: 0 } }]);
      const again = await store.lease(queue, all);
      await settle([...others, ...again]);
      left -= others.length + again.length;
    }
    expect((await raw.keys('*')).toSorted()).toEqual(['quorate:{/queues}', 'quorate:{p}:q']);
    await store.state.write({ key: 'p/a', value: Buffer.from('1'), expiresAtMs: 1 });
    await store.state.write({ key: 'p/b', value: Buffer.from('1') });
    await store.state.write({ key: 'p/b', value: undefined });
    expect((await raw.keys('*')).toSorted()).toEqual(['quorate:{/queues}', 'quorate:{p}:q']);
  });

  test('a clock that was set back ends no lease and holds up nothing that is ready', async () => {
    const aheadUs = (await store.now()) * 1000 + 3_600_000_000;
    await raw.set('quorate:{p}:q', `${aheadUs}`);
    await put('a');
    await put('b', { key: 'k' });
    await put('c', { key: 'k' });
    await store.put([{ queue, message: { body: Buffer.from('d') } }]);
    const first = await store.lease(queue, { ...all, leaseMs: 50 });
    expect(texts(first)).toEqual(['a', 'b', 'd']);
    expect(first[0]!.token).toBeGreaterThan(BigInt(aheadUs));
    const again = await store.lease(queue, { ...all, waitMs: 20_000 });
    expect(texts(again)).toEqual(['a', 'b', 'd']);
    await store.settle([{ lease: again[0]!, action: { type: 'release', delayMs: 0 } }]);
    await settle(again.slice(1));
    expect(texts(await store.lease(queue, all))).toEqual(['a', 'c']);
  });

  test('what comes back when its lease ends comes first, and what is released last', async () => {
    for (const text of ['a', 'b', 'c']) await put(text);
    await store.lease(queue, { ...all, messagesMax: 1, leaseMs: 20 });
    const isBack = async (): Promise<void> =>
      expect(await store.inspect.depth(queue)).toMatchObject({ readyCount: 3 });
    await vi.waitFor(isBack, waiting);
    const [a] = await store.lease(queue, { ...all, messagesMax: 1 });
    expect(texts([a!])).toEqual(['a']);
    await store.settle([{ lease: a!, action: { type: 'release', delayMs: 0 } }]);
    expect(texts(await store.lease(queue, all))).toEqual(['b', 'c', 'a']);
  });

  test('one lease that is settled twice in one call is settled once, whoever chose its id', async () => {
    await put('a');
    await put('b', { id: 'x' });
    await put('c', { key: 'k' });
    const messages = await store.lease(queue, all);
    const applied = messages.map(() => ({ outcome: 'applied' }));
    const lost = messages.map(() => ({ outcome: 'not-applied', reason: 'lost' }));
    expect(await settle([...messages, ...messages])).toEqual([...applied, ...lost]);
    expect(await put('b', { id: 'x' })).toEqual([{ outcome: 'applied', id: 'x', duplicate: false }]);
  });

  test('ids that are remembered no more are forgotten by whoever finds nothing', async () => {
    await put('a', { id: 'x1', rememberMs: 1 });
    await put('b', { id: 'y1', rememberMs: 600_000 });
    await settle(await store.lease(queue, all));
    await vi.waitFor(async () => {
      await store.lease(queue, all);
      expect(await raw.zrange('quorate:{p}:q:f:p/queue', '0', '-1')).toEqual(['y']);
      expect(await raw.hkeys('quorate:{p}:q:g:p/queue')).toEqual(['y']);
    }, waiting);
  });

  test('a lease has bounds in bytes, and so has a put', async () => {
    const large = await stand.openQueues({ bodyMaxBytes: 8 * 1024 * 1024 });
    const body = Buffer.alloc(2 * 1024 * 1024);
    for (let index = 0; index < 12; index++) await large.put([{ queue, message: { body } }]);
    for (let round = 0; round < 3; round++) {
      const messages = await large.lease(queue, all);
      expect(messages).toHaveLength(4);
      await large.settle(messages.map(lease => ({ lease, action: acknowledge })));
    }
    const puts = Array.from({ length: 40 }, () => ({ queue, message: { body } }));
    await expect(large.put(puts)).rejects.toThrow(/at most 67108864 bytes in all: received \d+/);
  });
});

describe.skipIf(reason !== undefined)('servers of queues (needs redis-server)', () => {
  const opened = async (options: RedisOptions): Promise<QueueStore> => {
    stand = await RedisStand.start(options);
    return stand.openQueues();
  };
  afterEach(() => stand[Symbol.asyncDispose]());

  test.for([
    [{}, 'memory'],
    [{ appendfsync: 'everysec' }, 'memory'],
    [{ appendfsync: 'no' }, 'os'],
    [{ appendfsync: 'always' }, 'fsync'],
  ] as const)('%j is said to be as durable as it is: %s', async ([options, durability]) => {
    expect((await opened(options)).capabilities.durability).toBe(durability);
  });

  test('a server that would drop messages is refused', async () => {
    const args = ['--maxmemory', '100mb', '--maxmemory-policy', 'allkeys-lru'];
    stand = await RedisStand.start({ args });
    const opening = createRedisQueueStore({ url: stand.server.url });
    await expect(opening).rejects.toMatchObject({ code: 'UNSUPPORTED', outcome: 'not-applied' });
    await expect(opening).rejects.toThrow(/allkeys-lru/);
  });

  test('a server whose memory is full takes nothing in, gives everything out, and takes in again', async () => {
    store = await opened({ args: ['--maxmemory', '8mb', '--maxmemory-policy', 'noeviction'] });
    const body = Buffer.alloc(64 * 1024);
    let accepted = 0;
    const fill = async (): Promise<void> => {
      for (; ; accepted++) await store.put([{ queue, message: { body } }]);
    };
    await expect(fill()).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      retryable: true,
      outcome: 'not-applied',
      message: expect.stringContaining('OOM'),
    });
    let leased = 0;
    for (let messages = await store.lease(queue, all); messages.length > 0; ) {
      leased += messages.length;
      const results = await settle(messages);
      expect(results.every(({ outcome }) => outcome === 'applied')).toBe(true);
      messages = await store.lease(queue, all);
    }
    expect(leased).toBe(accepted);
    await vi.waitFor(() => put('a'), waiting);
  });
});
