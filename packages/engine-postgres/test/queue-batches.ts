import type { LeasedMessage, QueuePut, QueueStore } from '@quorate/core';
import pg from 'pg';
import { beforeAll, describe, expect, test } from 'vitest';
import { createPostgresQueueStore, type PostgresConnection, type PostgresPool } from '../src/index.ts';
import type { QueueStand } from './queue-stand.ts';

const body = Buffer.from('x');
const action = { type: 'acknowledge' } as const;

let stand: QueueStand;
let names = 0;

/** A queue that nobody has used. */
const fresh = (): string => `b${++names}/q`;

/** A pool that writes down what is asked, and hears no notifications, as behind a pooler that shares out transactions. */
function observedPool(): { readonly pool: PostgresPool; readonly texts: string[] } {
  const inner = new pg.Pool({ connectionString: stand.urlAt(stand.server.port), max: 4 });
  const texts: string[] = [];
  const observed = (client: pg.PoolClient): PostgresConnection =>
    new Proxy(client, {
      get(target, name) {
        if (name === 'query')
          return (query: pg.QueryConfig) => {
            texts.push(query.text);
            return target.query(query);
          };
        if (name === 'on')
          return (event: string, listener: () => void) =>
            event === 'notification' ? target : target.on(event as 'end', listener);
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    }) as unknown as PostgresConnection;
  const pool = {
    connect: async () => observed(await inner.connect()),
    on: inner.on.bind(inner),
    off: inner.off.bind(inner),
    end: () => inner.end(),
  } as unknown as PostgresPool;
  return { pool, texts };
}

/** What comes at the same time. @param standOf the server, once the tests run */
export function queueBatches(standOf: () => QueueStand): void {
  describe('calls to queues on PostgreSQL at the same time', { timeout: 60_000 }, () => {
    beforeAll(() => {
      stand = standOf();
    });

    test('go together, and each is told its own', async () => {
      const { pool, texts } = observedPool();
      const store = await createPostgresQueueStore({ pool, prepare: false, pollMs: 50 });
      const queue = fresh();
      const puts = Array.from({ length: 200 }, (_, index): QueuePut => {
        const id = `id-${index % 150}` as never;
        return { queue, message: { id, body } };
      });
      const results = await Promise.all(puts.map(each => store.put([each])));
      const duplicates = results.flat().map(result => result.outcome === 'applied' && result.duplicate);
      expect(duplicates).toEqual(puts.map((_, index) => index >= 150));
      const messages = await store.lease(queue, { messagesMax: 1000, leaseMs: 60_000, owner: 'o' });
      expect(messages.length).toBe(150);
      const settled = await Promise.all(
        [...messages, ...messages].map(lease => store.settle([{ lease, action }])),
      );
      const applied = settled.flat().filter(({ outcome }) => outcome === 'applied');
      expect(applied.length).toBe(150);
      const countOf = (name: string): number => texts.filter(text => text.includes(`queue_${name}(`)).length;
      expect([countOf('put') < 5, countOf('acknowledge') < 5]).toEqual([true, true]);
      await store[Symbol.asyncDispose]();
      await pool.end();
    });

    test('one that waits hears of another process by looking where no notification comes', async () => {
      const { pool } = observedPool();
      const store = await createPostgresQueueStore({ pool, prepare: false, pollMs: 50 });
      await using other = await stand.open();
      const queue = fresh();
      const waiting = store.lease(queue, { messagesMax: 1, leaseMs: 60_000, owner: 'o', waitMs: 30_000 });
      await other.put([{ queue, message: { body } }]);
      expect((await waiting).length).toBe(1);
      await store[Symbol.asyncDispose]();
      await pool.end();
    });

    test('of the messages of many keys each is let out in its order, however batches cross', async () => {
      const stores = await Promise.all([0, 1, 2].map(() => stand.open({ batchesMax: 3 })));
      const queue = fresh();
      const keys = Array.from({ length: 7 }, (_, index) => `k${index}`);
      const put = async (store: QueueStore, name: number): Promise<void> => {
        for (let index = 0; index < 15; index++) {
          const shuffled = name % 2 === 0 ? keys : keys.toReversed();
          await store.put(
            shuffled.map(key => ({ queue, message: { key, body: Buffer.from(`${name} ${index}`) } })),
          );
        }
      };
      const out = new Map<string, number>();
      const last = new Map<string, number>();
      let count = 0;
      const consume = async (store: QueueStore): Promise<void> => {
        while (count < keys.length * 45) {
          const options = { messagesMax: 5, leaseMs: 60_000, owner: 'o', waitMs: 200 };
          const messages = await store.lease(queue, options);
          for (const message of messages) {
            const key = message.key as string;
            const [name, index] = Buffer.from(message.body).toString().split(' ').map(Number) as [
              number,
              number,
            ];
            out.set(key, (out.get(key) ?? 0) + 1);
            expect(out.get(key)).toBe(1);
            expect(index).toBe((last.get(`${key} ${name}`) ?? -1) + 1);
            last.set(`${key} ${name}`, index);
            count++;
          }
          await store.now();
          for (const { key } of messages) out.set(key as string, 0);
          const results = await Promise.all(messages.map(lease => store.settle([{ lease, action }])));
          expect(results.flat().every(({ outcome }) => outcome === 'applied')).toBe(true);
        }
      };
      await Promise.all([...stores.map(put), ...stores.map(consume)]);
      expect(await stores[0]!.inspect.depth(queue)).toMatchObject({ readyCount: 0, heldCount: 0 });
      for (const store of stores) await store[Symbol.asyncDispose]();
    });

    test('a lease, an extension and a settlement of the same messages never wait for each other in a ring', async () => {
      await using store = await stand.openPatient({ batchesMax: 3 });
      const queue = fresh();
      for (let round = 0; round < 20; round++) {
        const puts = Array.from({ length: 32 }, (_, index): QueuePut => {
          // With a key and without, and with an id, in another order than they are put.
          const key = index % 2 === 0 ? {} : { key: 'k', keyActiveMax: 100 };
          const id = index % 4 < 2 ? {} : { id: `${99 - index}` as never };
          return { queue, message: { ...key, ...id, body } };
        });
        await store.put(puts);
        const messages = await store.lease(queue, { messagesMax: 32, leaseMs: 60_000, owner: 'o' });
        expect(messages.length).toBe(32);
        const backwards = messages.toReversed();
        const state = [{ key: `${queue}/s`, value: body }];
        const limit = { deadlineMs: 30_000 };
        const ids = backwards.slice(10, 20).map(({ id }) => id);
        const changes = await Promise.all([
          store.extend(messages, 60_000, { started: true, ...limit }),
          store.extend(backwards, 60_000, limit),
          store.settle(
            backwards.map(lease => ({ lease, action, state })),
            limit,
          ),
          store.settle(
            messages.slice(0, 15).map(lease => ({ lease, action })),
            limit,
          ),
          store.inspect.remove(queue, ids, limit),
        ]);
        expect(changes.flat().filter(({ outcome }) => outcome === 'unknown')).toEqual([]);
        expect(await store.inspect.depth(queue)).toMatchObject({
          readyCount: 0,
          leasedCount: 0,
          heldCount: 0,
        });
      }
    });

    test('settlements that put messages of each other’s keys never wait for each other in a ring', async () => {
      await using one = await stand.openPatient();
      await using other = await stand.openPatient();
      const queue = fresh();
      const record = { key: `${queue}/s`, value: body };
      await one.state.write(record);
      await one.put(['a', 'b'].map(key => ({ queue, message: { key, body } })));
      const [a, b] = await one.lease(queue, { messagesMax: 2, leaseMs: 60_000, owner: 'o' });
      const client = await stand.connect();
      await client.query('begin');
      // Both hold what they hold before their records by the time that this ends.
      await client.query('select from quorate.queue_state where key = $1 for update', [record.key]);
      const settle = (store: QueueStore, lease: LeasedMessage, key: string) =>
        store.settle([{ lease, action, state: [record], puts: [{ queue, message: { key, body } }] }], {
          deadlineMs: 10_000,
        });
      const settled = [settle(one, a!, 'b'), settle(other, b!, 'a')];
      await stand.untilWaiting(2);
      await client.query('commit');
      await client.end();
      expect((await Promise.all(settled)).flat()).toEqual([{ outcome: 'applied' }, { outcome: 'applied' }]);
    });

    test('a purge that has to wait keeps nobody of a key waiting', async () => {
      await using store = await stand.openPatient();
      const queue = fresh();
      await store.put([
        { queue, message: { key: 'k', body } },
        { queue, message: { body } },
      ]);
      const [keyed] = await store.lease(queue, { messagesMax: 2, leaseMs: 60_000, owner: 'o' });
      const client = await stand.connect();
      await client.query('begin');
      await client.query('select from quorate.queue_message where queue = $1 and key is null for update', [
        queue,
      ]);
      const purged = store.inspect.purge(queue);
      await stand.untilWaiting(1);
      const settled = await store.settle([{ lease: keyed!, action }], { deadlineMs: 10_000 });
      await client.query('commit');
      await client.end();
      expect([settled, await purged]).toEqual([[{ outcome: 'applied' }], 1]);
    });

    test.for([
      ['ids', (index: number) => ({ id: `id-${9999 - index}` as never })],
      ['keys', (index: number) => ({ key: `key-${9999 - index}` })],
    ] as const)(
      'a purge and an extension of messages with %s never wait for each other in a ring',
      async ([, nameOf]) => {
        await using store = await stand.openPatient();
        const queue = fresh();
        const put = (index: number): QueuePut => ({ queue, message: { ...nameOf(index), body } });
        await store.put(Array.from({ length: 1000 }, (_, index) => put(index)));
        const messages = await store.lease(queue, { messagesMax: 1000, leaseMs: 60_000, owner: 'o' });
        const client = await stand.connect();
        // Whoever plans now knows that all are as these are.
        await client.query('analyze quorate.queue_message');
        await client.query('begin');
        const middle =
          'select from quorate.queue_message where queue = $1 order by seq offset 500 limit 1 for update';
        await client.query(middle, [queue]);
        const limit = { deadlineMs: 20_000 };
        const extending = store.extend(messages, 60_000, limit);
        await stand.untilWaiting(1);
        const purging = store.inspect.purge(queue, limit);
        await stand.untilWaiting(2);
        await client.query('commit');
        await client.end();
        const extended = await extending;
        expect(extended.filter(({ outcome }) => outcome === 'applied').length).toBe(1000);
        expect(await purging).toBe(1000);
      },
    );

    test('what has no id of its sender’s never waits for a transaction of somebody else', async () => {
      await using store = await stand.open({ batchesMax: 1 });
      const queue = fresh();
      const client = await stand.connect();
      await client.query('begin');
      const held = { queue, message: { id: 'held' as never, body } };
      await store.put([held], { transaction: client });
      const waiting = store.put([held]);
      expect((await store.put([{ queue, message: { body } }]))[0]?.outcome).toBe('applied');
      await client.query('commit');
      await client.end();
      expect(await waiting).toEqual([{ outcome: 'applied', id: 'held', duplicate: true }]);
    });

    test('a call that was given up while others were under way is never sent', async () => {
      await using store = await stand.open({ batchesMax: 1 });
      const queue = fresh();
      const client = await stand.connect();
      await client.query('begin');
      const held = { queue, message: { id: 'held' as never, body } };
      await store.put([held], { transaction: client });
      const first = store.put([held]);
      await stand.untilOneWaits();
      // It waits for the first, which waits for the transaction.
      const message = { id: 'late' as never, body };
      expect((await store.put([{ queue, message }], { deadlineMs: 50 }))[0]?.outcome).toBe('unknown');
      await client.query('rollback');
      await client.end();
      await first;
      // Whatever waited behind it has been sent.
      await store.put([{ queue, message: { id: 'last' as never, body } }]);
      const messages = await store.lease(queue, { messagesMax: 10, leaseMs: 60_000, owner: 'o' });
      expect(messages.map(({ id }) => id)).toEqual(['held', 'last']);
    });
  });
}
