import type { LeasedMessage, LeaseHandle, MessageId, QueuePut, QueueStore } from '@quorate/core';
import type pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { QueueStand } from './queue-stand.ts';

const body = Buffer.from('x');
const applied = { outcome: 'applied' } as const;
const lost = { outcome: 'not-applied', reason: 'lost' } as const;

let stand: QueueStand;
let store: QueueStore;
let client: pg.Client;
let names = 0;

/** A queue that nobody has used. */
const fresh = (): string => `l${++names}/q`;

const put = (queue: string, id: string, options: object = {}): QueuePut => ({
  queue,
  message: { id: id as MessageId, body, rememberMs: 600_000, ...options },
});

const lease = (queue: string, startedMax = 10): Promise<readonly LeasedMessage[]> =>
  store.lease(queue, { messagesMax: 10, startedMax, leaseMs: 60_000, owner: 'o' });

/** Ten that are leased together. */
async function leaseTen(queue: string): Promise<readonly LeasedMessage[]> {
  await store.put(Array.from({ length: 10 }, (_, index) => put(queue, `id-${index}`)));
  return lease(queue);
}

const acknowledge = (leases: readonly LeaseHandle[]) =>
  store.settle(leases.map(each => ({ lease: each, action: { type: 'acknowledge' } })));

/** How many messages of a queue stand by themselves, and how many together. */
async function placesOf(queue: string): Promise<readonly [alone: number, together: number]> {
  const text = `select (select count(*)::integer from quorate.queue_message where queue = $1) as alone,
    (select coalesce(sum(count - cardinality(gone)), 0)::integer from quorate.queue_batch where queue = $1) as together`;
  const { rows } = await client.query<{ alone: number; together: number }>(text, [queue]);
  return [rows[0]!.alone, rows[0]!.together];
}

const end = (queue: string, by = client) =>
  by.query('update quorate.queue_batch set leased_until = quorate.queue_now() where queue = $1', [queue]);

/** Their ids have had their time, but are not dropped yet. */
const expire = (queue: string, by = client) =>
  by.query('update quorate.queue_memory set until = quorate.queue_now() where queue = $1', [queue]);

const forget = (queue: string) => client.query('delete from quorate.queue_memory where queue = $1', [queue]);

/** What is leased together. @param standOf the server, once the tests run */
export function queueLeases(standOf: () => QueueStand): void {
  describe('messages that are leased together', { timeout: 60_000 }, () => {
    beforeAll(async () => {
      stand = standOf();
      store = await stand.open();
    });
    afterAll(() => store[Symbol.asyncDispose]());
    beforeEach(async () => {
      client = await stand.connect();
    });
    afterEach(() => client.end());

    test('are over each by itself, once, and only under their own queue and token', async () => {
      const [queue, other] = [fresh(), fresh()];
      const leases = await leaseTen(queue);
      expect(await placesOf(queue)).toEqual([0, 10]);
      const [first, second, third] = leases as readonly [LeasedMessage, LeasedMessage, LeasedMessage];
      const beyond = { ...first, token: (first.token + 10n) as LeasedMessage['token'] };
      expect(await acknowledge([{ ...first, queue: other }, beyond, second, second, third])).toEqual([
        lost,
        lost,
        applied,
        lost,
        applied,
      ]);
      expect(await placesOf(queue)).toEqual([0, 8]);
      expect((await store.inspect.depth(queue)).leasedCount).toBe(8);
      expect((await acknowledge(leases)).filter(({ outcome }) => outcome === 'applied').length).toBe(8);
      expect(await placesOf(queue)).toEqual([0, 0]);
      const { rows } = await client.query('select from quorate.queue_batch where queue = $1', [queue]);
      expect(rows).toEqual([]);
    });

    test('go in calls of several queues as in their own', async () => {
      const queues = [fresh(), fresh(), fresh()] as const;
      const leases = (await Promise.all(queues.map(leaseTen))).flat();
      await store.extend([leases[15]!], 60_000);
      expect(await acknowledge(leases.filter((_, index) => index !== 3))).toEqual(
        Array.from({ length: 29 }, () => applied),
      );
      expect(await Promise.all(queues.map(placesOf))).toEqual([
        [0, 1],
        [0, 0],
        [0, 0],
      ]);
    });

    const handle = (leased: LeasedMessage) => ({
      lease: leased,
      puts: [{ queue: `${leased.queue}-else`, message: { body } }],
    });
    test.each<[string, (leased: LeasedMessage) => Promise<unknown>, number]>([
      ['extended', leased => store.extend([leased], 60_000), 1],
      ['released', leased => store.settle([{ lease: leased, action: { type: 'release', delayMs: 0 } }]), 1],
      [
        'moved',
        leased => store.settle([{ lease: leased, action: { type: 'move', queue: `${leased.queue}-moved` } }]),
        0,
      ],
      [
        'acknowledged with others put',
        leased => store.settle([{ ...handle(leased), action: { type: 'acknowledge' } }]),
        0,
      ],
      ['removed', leased => store.inspect.remove(leased.queue, [leased.id]), 0],
    ])('part where one is %s', async (what, act, alone) => {
      const queue = fresh();
      const leases = await leaseTen(queue);
      await act(leases[4]!);
      expect(await placesOf(queue)).toEqual([alone, 9]);
      expect((await store.inspect.depth(queue)).leasedCount).toBe(what === 'released' ? 9 : 9 + alone);
    });

    test('are shown as what they are, and counted', async () => {
      const queue = fresh();
      const leases = await leaseTen(queue);
      expect((await store.inspect.queues(queue.slice(0, -2))).items).toContain(queue);
      expect((await store.inspect.queues(queue)).items).toEqual([queue]);
      const { items } = await store.inspect.messages(queue);
      const tokens = leases.map(({ token }) => ({ token }));
      expect(items.map((item, index) => ({ ...item, ...tokens[index] }))).toEqual(
        leases.map(leased => ({ ...leased, state: 'leased', owner: 'o', readyAtMs: leased.putAtMs })),
      );
      expect(await store.inspect.get(queue, leases[4]!.id)).toEqual(items[4]);
      expect((await store.inspect.messages(queue, { state: 'ready' })).items).toEqual([]);
      expect(await placesOf(queue)).toEqual([0, 10]);
      expect(await acknowledge(leases)).toEqual(leases.map(() => applied));
      const again = fresh();
      await leaseTen(again);
      expect(await store.inspect.purge(again)).toBe(10);
      expect(await placesOf(again)).toEqual([0, 0]);
    });

    test.each<[string, (queue: string, waiting: MessageId) => Promise<unknown>, unknown]>([
      ['shown', async queue => (await store.inspect.messages(queue)).items.length, 11],
      [
        'removed',
        (queue, waiting) => store.inspect.remove(queue, ['id-0' as MessageId, waiting]),
        [
          { outcome: 'applied', removed: true },
          { outcome: 'applied', removed: true },
        ],
      ],
      ['purged', queue => store.inspect.purge(queue), 11],
    ])('are %s with one that is leased meanwhile', async (_, act, expected) => {
      const queue = fresh();
      await leaseTen(queue);
      const waiting = 'waiting' as MessageId;
      await store.put([put(queue, waiting)]);
      await client.query('begin');
      await client.query('select from quorate.queue_batch where queue = $1 for update', [queue]);
      const acted = act(queue, waiting);
      // Who only looks waits for nobody.
      await Promise.race([stand.untilOneWaits(), acted]);
      expect((await lease(queue)).length).toBe(1);
      await client.query('commit');
      expect(await acted).toEqual(expected);
    });

    test.each([
      [10, 1],
      [0, 0],
    ])('come again as they were, and %i of them charged', async (startedMax, attempts) => {
      const queue = fresh();
      const headers = { h: 'ü' };
      await store.put([put(queue, 'a', { lane: 2, headers }), put(queue, 'b', { lane: 2 })]);
      const before = await lease(queue, startedMax);
      await end(queue);
      const after = await lease(queue, 0);
      expect(after).toEqual(
        before.map((leased, index) => ({
          ...leased,
          token: after[index]!.token,
          leasedUntilMs: after[index]!.leasedUntilMs,
          deliveryCount: 2,
        })),
      );
      expect(after.map(({ attemptCount }) => attemptCount)).toEqual([attempts, attempts]);
      expect(await acknowledge(before)).toEqual([lost, lost]);
      expect(await store.abandon(queue, 'o')).toBe(2);
      expect((await lease(queue)).map(({ headers: own }) => own)).toEqual([headers, {}]);
    });

    test('are there to whoever puts their ids again, in a lease that has ended too', async () => {
      const queue = fresh();
      const duplicates = async (...ids: string[]): Promise<unknown[]> =>
        (await store.put(ids.map(id => put(queue, id)))).map(
          result => result.outcome === 'applied' && result.duplicate,
        );
      const leases = await leaseTen(queue);
      expect(await duplicates('id-0', 'id-1')).toEqual([true, true]);
      await acknowledge(leases.slice(1, 2));
      await end(queue);
      await expire(queue);
      expect(await duplicates('id-0', 'id-1', 'new')).toEqual([true, false, false]);
    });

    test('have rows of their own again before their ids are forgotten, also to a transaction that saw nothing of it', async () => {
      const queue = fresh();
      await client.query('begin isolation level repeatable read');
      await client.query('select');
      await leaseTen(queue);
      const other = await stand.connect();
      await end(queue, other);
      await expire(queue, other);
      await other.query('select quorate.queue_sweep()');
      await other.end();
      const putting = store.put([put(queue, 'id-0')], { transaction: client });
      await expect(putting).rejects.toMatchObject({ code: 'UNAVAILABLE', outcome: 'not-applied' });
      await client.query('rollback');
      expect(await placesOf(queue)).toEqual([10, 0]);
    });

    test('do not leave where their ids are forgotten before the lease ends, or keys wait for them', async () => {
      const queue = fresh();
      await store.put([put(queue, 'a', { rememberMs: 50_000 })]);
      await lease(queue);
      expect(await placesOf(queue)).toEqual([1, 0]);
      await store.put([put(queue, 'b', { key: 'k' })]);
      await lease(queue);
      expect(await placesOf(queue)).toEqual([2, 0]);
      await store.put([put(queue, 'c'), put(queue, 'd')]);
      await lease(queue, 1);
      expect(await placesOf(queue)).toEqual([4, 0]);
      await store.put([put(queue, 'e'), { queue, message: { id: 'f' as MessageId, body } }]);
      await lease(queue);
      expect(await placesOf(queue)).toEqual([6, 0]);
    });

    test('are told by their numbers where their ids have been taken', async () => {
      const queue = fresh();
      const [leased] = await leaseTen(queue);
      await forget(queue);
      await store.put([put(queue, leased!.id)]);
      await client.query('select quorate.queue_unpack_queue($1)', [queue]);
      const { items } = await store.inspect.messages(queue, { state: 'leased' });
      expect(items.map(({ id }) => id)).toEqual([
        expect.stringMatching(/^~/),
        ...Array.from({ length: 9 }, (_, index) => `id-${index + 1}`),
      ]);
    });

    test('are acknowledged also where somebody puts them back at the same time', async () => {
      const queue = fresh();
      const leases = await leaseTen(queue);
      await client.query('begin');
      await client.query('select quorate.queue_unpack_queue($1)', [queue]);
      const acknowledged = acknowledge(leases);
      await stand.untilOneWaits();
      await client.query('commit');
      expect(await acknowledged).toEqual(leases.map(() => applied));
      expect(await placesOf(queue)).toEqual([0, 0]);
    });
  });
}
