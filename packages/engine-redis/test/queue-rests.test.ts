import { type LeasedMessage, type MessageId, type QueueStore, seededRandom } from '@quorate/core';
import { skipReason } from '@quorate/servers';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { RedisStand } from './redis-stand.ts';

const reason = skipReason('redis');

/** Messages of several puts that are to be ready at one time, in two lanes. */
function putsUntil(queue: string, readyAtMs: number, count: number): Parameters<QueueStore['put']>[0] {
  return Array.from({ length: count }, (_, index) => ({
    queue,
    message: { body: Buffer.from('a'), readyAtMs, lane: index % 7 < 4 ? 0 : 1 },
  }));
}

describe.skipIf(reason !== undefined)('messages that rest (needs redis-server)', () => {
  const queue = 'rest/queue';
  let stand: RedisStand;
  let store: QueueStore;
  beforeEach(async () => {
    stand = await RedisStand.start();
    store = await stand.openQueues();
  });
  afterEach(() => stand[Symbol.asyncDispose]());

  async function putAll(readyAtMs: number): Promise<MessageId[]> {
    const ids: MessageId[] = [];
    for (const count of [40, 1, 33, 140]) {
      const results = await store.put(putsUntil(queue, readyAtMs, count));
      for (const result of results) if (result.outcome === 'applied') ids.push(result.id);
    }
    return ids;
  }

  test('are taken out one by one from among those of the same time', async () => {
    const random = seededRandom(1);
    const ids = await putAll((await store.now()) + 600_000);
    // Others, before and after them.
    await store.put(putsUntil(queue, (await store.now()) + 500_000, 20));
    await store.put(putsUntil(queue, (await store.now()) + 700_000, 20));
    let left = ids.length;
    while (left > 0) {
      const [id] = ids.splice(random.below(ids.length), 1);
      const expected = [{ outcome: 'applied', removed: true }];
      expect(await store.inspect.remove(queue, [id as MessageId])).toEqual(expected);
      left--;
      expect(await store.inspect.depth(queue)).toMatchObject({ readyCount: 0, delayedCount: left + 40 });
    }
    expect(await store.inspect.purge(queue)).toBe(40);
    expect(await stand.client().keys('quorate:{rest}*')).toEqual(['quorate:{rest}:q']);
  });

  test('are leased when their time has come, by lanes and in the order in which they were put', async () => {
    const ids = await putAll((await store.now()) + 1_000);
    const lanes = (await store.inspect.messages(queue, { limit: 1000 })).items.map(({ lane }) => lane);
    const removed = [3, 14, 15, 41, 213];
    await store.inspect.remove(
      queue,
      removed.map(index => ids[index] as MessageId),
    );
    const expected = [0, 1].flatMap(lane =>
      ids.filter((_, index) => lanes[index] === lane && !removed.includes(index)),
    );
    const leased: LeasedMessage[] = [];
    while (leased.length < expected.length) {
      const options = { messagesMax: 50, leaseMs: 600_000, owner: 'o', waitMs: 10_000 };
      leased.push(...(await store.lease(queue, options)));
    }
    expect(leased.map(({ id }) => id)).toEqual(expected);
    expect(await store.inspect.depth(queue)).toMatchObject({ delayedCount: 0, readyCount: 0 });
    await store.settle(leased.map(lease => ({ lease, action: { type: 'acknowledge' } })));
    // Beside the revision there is the wish to be told, which is kept for an hour.
    const keys = await stand.client().keys('quorate:{rest}*');
    expect(keys.filter(key => !key.endsWith('w'))).toEqual(['quorate:{rest}:q']);
  });

  describe('of which thousands have been due for longer than those of a better lane', () => {
    beforeEach(async () => {
      const readyAtMs = (await store.now()) + 300;
      const put = (count: number, lane: number, atMs: number): ReturnType<QueueStore['put']> =>
        store.put(
          Array.from({ length: count }, (_, index) => ({
            queue,
            // No two together, so that each is a group.
            message: { body: Buffer.from('a'), readyAtMs: atMs + (index % 2), lane },
          })),
        );
      for (let round = 0; round < 2; round++) await put(1000, 1, readyAtMs);
      await put(10, 0, readyAtMs + 100);
      await vi.waitFor(async () => expect(await store.now()).toBeGreaterThan(readyAtMs + 101), 10_000);
    });

    test('are leased behind them', async () => {
      const leased = await store.lease(queue, { messagesMax: 20, leaseMs: 600_000, owner: 'o' });
      expect(leased.map(({ lane }) => lane)).toEqual([...Array(10).fill(0), ...Array(10).fill(1)]);
    });

    test('are counted as ready', async () => {
      expect(await store.inspect.depth(queue)).toMatchObject({ readyCount: 2010, delayedCount: 0 });
    });
  });
});
