import { type QueueStore, seededRandom } from '@quorate/core';
import { skipReason } from '@quorate/servers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRedisQueueStore } from '../src/index.ts';
import { RedisStand } from './redis-stand.ts';
import type { QueueAnswer } from './queue-child.ts';
import { outMax, queueChild } from './queue-child-process.ts';

const reason = skipReason('redis');
const isLong = process.env['QUORATE_LONG'] !== undefined;
const cycles = isLong ? 1_000 : 5;

describe.skipIf(reason !== undefined)('processes that die (needs redis-server)', () => {
  let stand: RedisStand;
  let store: QueueStore;
  beforeAll(async () => {
    stand = await RedisStand.start({ appendfsync: 'always' });
    store = await createRedisQueueStore({ url: stand.server.url });
  });
  afterAll(async () => {
    await store[Symbol.asyncDispose]();
    await stand[Symbol.asyncDispose]();
  });

  test('lose nothing that was put, and have handled twice at most what they had out', {
    timeout: 60_000 + cycles * 5_000,
  }, async () => {
    const queue = 'kills/queue';
    const random = seededRandom('queue-kills');
    const told: QueueAnswer[] = [];
    for (let cycle = 0; cycle < cycles; cycle++) {
      const owner = `owner-${cycle}`;
      await using child = await queueChild(stand.server.url, queue, owner);
      child.send({ do: 'work' });
      // Killed wherever it is by then: in a handler, while it settles, while a put is made durable.
      await child.reaches(5 + (random.uint32() % 60));
      await child.kill();
      told.push(...child.answers);
      expect(await store.abandon(queue, owner)).toBeLessThanOrEqual(outMax);
    }
    for (;;) {
      const messages = await store.lease(queue, { messagesMax: 100, leaseMs: 60_000, owner: 'last' });
      if (messages.length === 0) break;
      for (const { id, token } of messages) told.push({ is: 'handled', id, token: `${token}` });
      await store.settle(messages.map(lease => ({ lease, action: { type: 'acknowledge' } })));
    }
    const handled = new Map<string, bigint[]>();
    for (const each of told) {
      if (each.is === 'handled') handled.set(each.id, [...(handled.get(each.id) ?? []), BigInt(each.token)]);
    }
    const puts = told.flatMap(each => (each.is === 'put' ? [each.id] : []));
    expect(puts.filter(id => !handled.has(id))).toEqual([]);
    expect(puts.length).toBeGreaterThan(cycles);
    let again = 0;
    for (const tokens of handled.values()) {
      again += tokens.length - 1;
      expect(tokens).toEqual(tokens.toSorted((one, other) => (one < other ? -1 : 1)));
    }
    expect(again).toBeLessThanOrEqual(cycles * outMax);
  });

  test('a worker that stood still beyond its lease has lost it', { timeout: 60_000 }, async () => {
    const queue = 'stops/queue';
    await store.put([{ queue, message: { body: Buffer.from('a') } }]);
    await using child = await queueChild(stand.server.url, queue, 'slow');
    child.send({ do: 'lease', leaseMs: 200 });
    await child.reaches(2);
    child.process.kill('SIGSTOP');
    const options = { messagesMax: 1, leaseMs: 60_000, owner: 'quick', waitMs: 30_000 };
    const [second] = await store.lease(queue, options);
    expect(second).toMatchObject({ deliveryCount: 2 });
    child.process.kill('SIGCONT');
    child.send({ do: 'settle' });
    await child.reaches(3);
    const lost = { outcome: 'not-applied', reason: 'lost' };
    expect(child.answers[2]).toEqual({ is: 'settled', outcome: JSON.stringify(lost) });
    const settled = await store.settle([{ lease: second!, action: { type: 'acknowledge' } }]);
    expect(settled).toEqual([{ outcome: 'applied' }]);
  });

  test('a server that is killed under load loses nothing that it has answered for', {
    timeout: 60_000 + cycles * 5_000,
  }, async () => {
    const queue = 'restarts/queue';
    const put: string[] = [];
    const handled = new Map<string, bigint[]>();
    const over = new AbortController();
    let [producerCount, unsure] = [4, 0];
    // What is not answered is put again under its id until it is.
    const produce = async (name: number): Promise<void> => {
      for (let index = 0; !over.signal.aborted; index++) {
        const id = `${name}-${index}` as never;
        for (let isDone = false; !isDone; ) {
          const message = { id, body: Buffer.from('x'), rememberMs: 600_000 };
          const [result] = await store.put([{ queue, message }]).catch(() => []);
          isDone = result?.outcome === 'applied';
          if (!isDone) await new Promise(resolve => setImmediate(resolve));
        }
        put.push(id);
      }
      producerCount--;
    };
    const consume = async (): Promise<void> => {
      for (;;) {
        const options = { messagesMax: 10, leaseMs: 2_000, owner: 'o', waitMs: 3_000 };
        const messages = await store.lease(queue, options).catch(() => undefined);
        // A lease whose answer was lost comes back when it ends.
        if (messages?.length === 0 && producerCount === 0) return;
        for (const { id, token } of messages ?? []) handled.set(id, [...(handled.get(id) ?? []), token]);
        const settlements = (messages ?? []).map(lease => ({
          lease,
          action: { type: 'acknowledge' } as const,
        }));
        const results = await store.settle(settlements).catch(() => undefined);
        unsure += results?.filter(({ outcome }) => outcome !== 'applied').length ?? settlements.length;
        if (messages === undefined) await new Promise(resolve => setImmediate(resolve));
      }
    };
    const restart = async (): Promise<void> => {
      for (let cycle = 0; cycle < (isLong ? 50 : 3); cycle++) {
        const before = put.length;
        while (put.length < before + 100) await new Promise(resolve => setImmediate(resolve));
        await stand.server.kill();
        await stand.server.restart();
      }
      over.abort();
    };
    await Promise.all([...[0, 1, 2, 3].map(produce), consume(), consume(), restart()]);
    expect(put.filter(id => !handled.has(id))).toEqual([]);
    let again = 0;
    for (const tokens of handled.values()) {
      again += tokens.length - 1;
      expect(tokens).toEqual(tokens.toSorted((one, other) => (one < other ? -1 : 1)));
    }
    expect(again).toBeLessThanOrEqual(unsure);
    expect(await store.inspect.depth(queue)).toMatchObject({ readyCount: 0, leasedCount: 0 });
  });
});
