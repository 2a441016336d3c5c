import { ManualClock, type MessageId, type QueueStore } from '@quorate/core';
import type pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { QueueStand } from './queue-stand.ts';

const body = Buffer.from('x');

let stand: QueueStand;
let store: QueueStore;
let client: pg.Client;
let names = 0;

/** A queue that nobody has used. */
const fresh = (): string => `t${++names}/q`;

const leased = async (queue: string, waitMs = 0): Promise<MessageId[]> => {
  const messages = await store.lease(queue, { messagesMax: 10, leaseMs: 60_000, owner: 'o', waitMs });
  return messages.map(({ id }) => id);
};

const put = (queue: string, id: string, options: object = {}) => ({
  queue,
  message: { id: id as MessageId, body, ...options },
});

/** Settles when the server listens for somebody, and tells of the queue: from then on nothing else wakes who waits. */
async function untilListening(queue: string): Promise<void> {
  const other = await stand.connect();
  const text = `select exists (select from quorate.queue_watch where partition = split_part($1, '/', 1))
    and exists (select from pg_stat_activity where query ~ '^listen' and state = 'idle') as ready`;
  while ((await other.query<{ ready: boolean }>(text, [queue])).rows[0]?.ready !== true);
  await other.end();
}

/** What joins a transaction. @param standOf the server, once the tests run */
export function queueTransactions(standOf: () => QueueStand): void {
  describe('a put in a transaction of the caller’s', { timeout: 60_000 }, () => {
    beforeAll(async () => {
      stand = standOf();
      store = await stand.open({ pollMs: 600_000 });
    });
    afterAll(() => store[Symbol.asyncDispose]());
    beforeEach(async () => {
      client = await stand.connect();
      await client.query('begin');
    });
    afterEach(() => client.end());

    test('comes with its commit, and wakes who waits for it', async () => {
      const queue = fresh();
      // Its time stands still: it never looks by itself.
      await using waiter = await stand.open({ clock: new ManualClock() });
      const options = { messagesMax: 10, leaseMs: 60_000, owner: 'o', waitMs: Number.POSITIVE_INFINITY };
      const waiting = waiter.lease(queue, options);
      await untilListening(queue);
      const results = await store.put([put(queue, 'a'), put(queue, 'b')], { transaction: client });
      expect(results.map(result => result.outcome === 'applied' && result.duplicate)).toEqual([false, false]);
      expect(await leased(queue)).toEqual([]);
      expect((await store.inspect.depth(queue)).readyCount).toBe(0);
      await client.query('commit');
      expect((await waiting).map(({ id }) => id)).toEqual(['a', 'b']);
    });

    test('is gone with its rollback, and so is what is remembered of it', async () => {
      const queue = fresh();
      await store.put([put(queue, 'a', { rememberMs: 600_000 })], { transaction: client });
      await client.query('rollback');
      expect(await leased(queue)).toEqual([]);
      const [result] = await store.put([put(queue, 'a')]);
      expect(result).toEqual({ outcome: 'applied', id: 'a', duplicate: false });
    });

    test.each(['commit', 'rollback'])(
      'another of its id waits for its %s, and is told the truth',
      async end => {
        const queue = fresh();
        await store.put([put(queue, 'a')], { transaction: client });
        const again = store.put([put(queue, 'a')]);
        await stand.untilOneWaits();
        await client.query(end);
        expect(await again).toEqual([{ outcome: 'applied', id: 'a', duplicate: end === 'commit' }]);
        expect(await leased(queue)).toEqual(['a']);
      },
    );

    test('keeps nobody of its key waiting, and takes its turn when it is there', async () => {
      const queue = fresh();
      const key = { key: 'k' };
      await store.put([put(queue, '1', key)], { transaction: client });
      // Those come and go while the transaction is open.
      await store.put([put(queue, '2', key), put(queue, '3', key)]);
      const [second] = await store.lease(queue, { messagesMax: 10, leaseMs: 60_000, owner: 'o' });
      expect(second?.id).toBe('2');
      await client.query('commit');
      expect(await leased(queue)).toEqual([]);
      expect((await store.inspect.depth(queue)).heldCount).toBe(2);
      await store.settle([{ lease: second!, action: { type: 'acknowledge' } }]);
      const [first] = await store.lease(queue, { messagesMax: 10, leaseMs: 60_000, owner: 'o' });
      expect(first?.id).toBe('1');
      await store.settle([{ lease: first!, action: { type: 'acknowledge' } }]);
      expect(await leased(queue)).toEqual(['3']);
    });

    test('of a key that has nothing else out is leased though nobody else comes by', async () => {
      const queue = fresh();
      await store.put([put(queue, '1', { key: 'k' }), put(queue, '2', { key: 'k' })], {
        transaction: client,
      });
      await client.query('commit');
      expect(await leased(queue)).toEqual(['1']);
    });

    test('in a transaction that has failed is refused, and nothing else is thought of it', async () => {
      const queue = fresh();
      await client.query('select 1 / 0').catch(() => {});
      const putting = store.put([put(queue, 'a')], { transaction: client });
      await expect(putting).rejects.toMatchObject({ code: 'STORE_REFUSED', outcome: 'not-applied' });
      await client.query('rollback');
      expect(await leased(queue)).toEqual([]);
    });

    test('on a connection that breaks is unknown to us', async () => {
      const other = await stand.connect();
      const pid = (await client.query<{ pid: number }>('select pg_backend_pid() as pid')).rows[0]?.pid;
      client.on('error', () => {});
      const queue = fresh();
      await other.query('begin');
      await store.put([put(queue, 'a')], { transaction: other });
      const putting = store.put([put(queue, 'a')], { transaction: client });
      await stand.untilOneWaits();
      await other.query('select pg_terminate_backend($1)', [pid]);
      expect((await putting)[0]?.outcome).toBe('unknown');
      await other.query('rollback');
      await other.end();
      expect(await leased(queue)).toEqual([]);
    });

    test('that cannot see what was put since it began is never told that it is new', async () => {
      const queue = fresh();
      await client.query('rollback');
      await client.query('begin isolation level repeatable read');
      await client.query('select');
      await store.put([put(queue, 'a', { rememberMs: 600_000 })]);
      const leases = await store.lease(queue, { messagesMax: 1, leaseMs: 60_000, owner: 'o' });
      await store.settle(leases.map(lease => ({ lease, action: { type: 'acknowledge' } })));
      await store.put([put(queue, 'b'), { queue, message: { body } }], { transaction: client });
      const putting = store.put([put(queue, 'a')], { transaction: client });
      await expect(putting).rejects.toMatchObject({ code: 'UNAVAILABLE', outcome: 'not-applied' });
      await client.query('rollback');
      expect(await leased(queue)).toEqual([]);
    });

    test('needs a connection', async () => {
      for (const transaction of [null, 'client', {}]) {
        await expect(store.put([put(fresh(), 'a')], { transaction })).rejects.toThrow(
          'Transaction must be a connection of PostgreSQL',
        );
      }
    });
  });
}
