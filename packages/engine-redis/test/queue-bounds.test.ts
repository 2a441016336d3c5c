import type { LeasedMessage, MessageId, QueueStore } from '@quorate/core';
import { skipReason } from '@quorate/servers';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { KnownSequences } from '../src/queue/known-sequences.ts';
import { RedisStand } from './redis-stand.ts';

const reason = skipReason('redis');
const body = Buffer.from('a');
const all = { messagesMax: 100, leaseMs: 60_000, owner: 'o' };
const acknowledge = { type: 'acknowledge' } as const;
const applied = { outcome: 'applied' };

describe.skipIf(reason !== undefined)('bounds of queues (needs redis-server)', () => {
  let stand: RedisStand;
  let raw: Redis;
  let store: QueueStore;
  beforeAll(async () => {
    stand = await RedisStand.start();
    raw = stand.client();
    store = await stand.openQueues();
  });
  afterAll(() => stand[Symbol.asyncDispose]());

  test('a settlement takes effect whole, however many ids its follow-ups have', async () => {
    await store.put([{ queue: 'many/in', message: { body } }]);
    const [lease] = await store.lease('many/in', all);
    const puts = Array.from({ length: 9000 }, (_, index) => ({
      queue: 'many/out',
      message: { id: `id-${index}` as MessageId, body, rememberMs: 60_000 },
    }));
    expect(await store.settle([{ lease: lease!, action: acknowledge, puts }])).toEqual([applied]);
    expect((await store.inspect.depth('many/out')).readyCount).toBe(9000);
    const again = await store.put(puts.slice(-1000));
    expect(again.every(result => result.outcome === 'applied' && result.duplicate)).toBe(true);
  });

  test('queues of another format are not opened, and those of this one are, whoever came first', async () => {
    const key = 'other:{/queues}';
    const open = () => stand.openQueues({ prefix: 'other:' });
    await raw.set(key, '2');
    await expect(open()).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: `Queues in Redis must be of format 1: "${key}" says 2`,
    });
    await raw.del(key);
    for (let count = 0; count < 2; count++) await (await open())[Symbol.asyncDispose]();
    expect(await raw.get(key)).toBe('1');
  });

  test('as many remembered ids are forgotten as come', async () => {
    const queue = 'ids/queue';
    for (let round = 0; round < 5; round++) {
      const puts = Array.from({ length: 1000 }, (_, index) => ({
        queue,
        message: { id: `${round}-${index}` as MessageId, body, rememberMs: 1 },
      }));
      await store.put(puts);
      const nowMs = await store.now();
      await vi.waitFor(async () => expect(await store.now()).toBeGreaterThan(nowMs + 1));
    }
    expect(await raw.zcard('quorate:{ids}:q:f:ids/queue')).toBeLessThanOrEqual(1000);
  });

  test('ids that are remembered go away by themselves where nobody comes any more, and not while others come', async () => {
    const queue = 'left/queue';
    const put = (id: string, rememberMs: number): ReturnType<QueueStore['put']> =>
      store.put([{ queue, message: { id: id as MessageId, body, rememberMs } }]);
    const end = async (): Promise<void> => {
      const leases = await store.lease(queue, all);
      await store.settle(leases.map(lease => ({ lease, action: acknowledge })));
    };
    await put('a1', 300);
    await end();
    await put('a2', 600_000);
    const nowMs = await store.now();
    await vi.waitFor(async () => expect(await store.now()).toBeGreaterThan(nowMs + 300), 10_000);
    expect(await put('a2', 1)).toMatchObject([{ duplicate: true }]);
    await end();
    expect(await put('a2', 1)).toMatchObject([{ duplicate: true }]);
    expect(await raw.pttl('quorate:{left}:q:g:left/queue')).toBeGreaterThan(300_000);

    const [one, other] = ['left/one', 'left/other'];
    await store.put(
      [one, other].map(name => ({ queue: name, message: { id: 'x' as MessageId, body, rememberMs: 1 } })),
    );
    const leases = await store.lease(one, all);
    await store.settle(leases.map(lease => ({ lease, action: acknowledge })));
    await store.inspect.purge(other);
    await vi.waitFor(async () => {
      const keys = await raw.keys('quorate:{left}*');
      expect(keys.filter(key => !key.includes(queue))).toEqual(['quorate:{left}:q']);
    }, 10_000);
  });

  test('who asks for no lane is given nothing', async () => {
    const queue = 'lanes/queue';
    await store.put([0, 1].map(lane => ({ queue, message: { body, lane } })));
    expect(await store.lease(queue, { ...all, lanes: [] })).toEqual([]);
    expect(await store.lease(queue, { ...all, lanes: [1, 0] })).toHaveLength(2);
  });

  test('what stands behind thousands that were removed is found at once', async () => {
    const queue = 'removed/queue';
    const ids: MessageId[] = [];
    for (let round = 0; round < 6; round++) {
      const results = await store.put(Array.from({ length: 1000 }, () => ({ queue, message: { body } })));
      for (const result of results) if (result.outcome === 'applied') ids.push(result.id);
    }
    const last = ids.pop();
    for (let from = 0; from < ids.length; from += 1000)
      await store.inspect.remove(queue, ids.slice(from, from + 1000));
    expect((await store.lease(queue, all)).map(({ id }) => id)).toEqual([last]);
  });

  test('a lease holds no more than 8 MiB and a message, also where large messages stand behind small ones', async () => {
    const queue = 'large/queue';
    const large = Buffer.alloc(300_000);
    await store.put(Array.from({ length: 300 }, () => ({ queue, message: { body } })));
    for (let round = 0; round < 10; round++)
      await store.put(Array.from({ length: 4 }, () => ({ queue, message: { body: large } })));
    const leased: number[] = [];
    let count = 0;
    while (count < 340) {
      const leases = await store.lease(queue, { ...all, messagesMax: 1000 });
      leased.push(leases.reduce((sum, lease) => sum + lease.body.length, 0));
      count += leases.length;
      await store.settle(leases.map(lease => ({ lease, action: acknowledge })));
    }
    expect(Math.max(...leased)).toBeLessThan(2 ** 23 + large.length + 1000);
    // Its size is forgotten with it.
    expect(await raw.keys('quorate:{large}*')).toEqual(['quorate:{large}:q']);
  });

  test('many leases are kept in the form that is fast for many, and nothing else beside them', async () => {
    const queue = 'spread/queue';
    // More than one piece of an answer.
    const bodies = Array.from({ length: 40 }, (_, index) => Buffer.alloc(20_000, index));
    const puts = bodies.map((each, index) => ({
      queue,
      message: { id: `id-${index}` as MessageId, body: each },
    }));
    await store.put(puts);
    const leases = await store.lease(queue, { ...all, startedMax: 30 });
    expect(leases.map(lease => Buffer.from(lease.body))).toEqual(bodies);
    expect(leases.filter(({ attemptCount }) => attemptCount === 1)).toHaveLength(30);
    const records = `quorate:{spread}:q:l:${queue}`;
    expect([await raw.object('ENCODING', records), await raw.hlen(records)]).toEqual(['hashtable', 40]);
    // Those that differ in their last letter are one entry.
    expect((await raw.hkeys(`quorate:{spread}:q:i:${queue}`)).sort()).toEqual([
      'id-',
      'id-1',
      'id-2',
      'id-3',
    ]);
    const ends = `quorate:{spread}:q:e:${queue}`;
    expect([await raw.object('ENCODING', ends), await raw.zcard(ends)]).toEqual(['skiplist', 40]);
    await store.settle(leases.map(lease => ({ lease, action: acknowledge })));
    expect(await raw.keys('quorate:{spread}*')).toEqual(['quorate:{spread}:q']);
  });

  test('the revision of a partition that was emptied is not kept for ever', async () => {
    const ttlMs = (): Promise<number> => raw.pttl('quorate:{ttl}:q');
    const queue = 'ttl/queue';
    await store.put([{ queue, message: { body } }]);
    const [lease] = await store.lease(queue, all);
    const state = [{ key: 'ttl/state', value: body, expiresAtMs: 1 }];
    expect(await store.settle([{ lease: lease!, action: acknowledge, state }])).toEqual([applied]);
    expect(await ttlMs()).toBeGreaterThan(0);
    await store.put([{ queue, message: { body } }]);
    expect(await ttlMs()).toBe(-1);
    expect(await store.inspect.purge(queue)).toBe(1);
    expect(await ttlMs()).toBeGreaterThan(0);
  });
});

describe.skipIf(reason !== undefined)('a full memory (needs redis-server)', () => {
  test('lets leases be extended and released, and who waits wait', async () => {
    await using stand = await RedisStand.start();
    const store = await stand.openQueues();
    const queue = 'full/queue';
    await store.put([0, 1].map(() => ({ queue, message: { body } })));
    const [held] = await store.lease(queue, { ...all, messagesMax: 1 });
    const [over] = await store.lease(queue, { ...all, messagesMax: 1, leaseMs: 1 });
    // It is put back.
    await vi.waitFor(async () => expect(await store.inspect.depth(queue)).toMatchObject({ readyCount: 1 }));
    await stand.client().config('SET', 'maxmemory', '100kb');
    await expect(store.put([{ queue, message: { body } }])).rejects.toThrow(/OOM/);
    expect(await store.extend([held!], 60_000, { started: true })).toEqual([applied]);
    const release = { type: 'release', delayMs: 600_000 } as const;
    expect(await store.settle([{ lease: over!, action: release }])).toEqual([applied]);
    expect(await store.lease(queue, { ...all, waitMs: 100 })).toEqual([]);
  });
});

test('a message is not taken for one of another partition that has its id and its token', () => {
  const known = new KnownSequences();
  const lease = (queue: string): LeasedMessage => ({ queue, id: 'same', token: 7n }) as LeasedMessage;
  known.add(lease('one/queue'), 100);
  known.add(lease('two/queue'), 200);
  expect(known.of(lease('two/queue'))).toBe(200);
  // By its id, then.
  expect(known.of(lease('one/queue'))).toBeUndefined();
});
