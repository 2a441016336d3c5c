import type { LeasedMessage, MessageId, Page, PageOptions, QueueStore } from '@quorate/core';
import type pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createPostgresStore } from '../src/index.ts';
import type { QueueStand } from './queue-stand.ts';

const body = Buffer.from('x');
const applied = { outcome: 'applied' } as const;

let stand: QueueStand;
let store: QueueStore;
let client: pg.Client;
let names = 0;

/** A queue that nobody has used. */
const fresh = (): string => `e${++names}/q`;

const lease = (queue: string): Promise<readonly LeasedMessage[]> =>
  store.lease(queue, { messagesMax: 10, leaseMs: 60_000, owner: '\u0001ö' });

/** What is odd, large or long ago. @param standOf the server, once the tests run */
export function queueEdges(standOf: () => QueueStand): void {
  describe('queues on PostgreSQL at their edges', { timeout: 60_000 }, () => {
    beforeAll(async () => {
      stand = standOf();
      store = await stand.open();
    });
    afterAll(() => store[Symbol.asyncDispose]());
    beforeEach(async () => {
      client = await stand.connect();
    });
    afterEach(() => client.end());

    test('ids, owners and headers come back whatever is in them', async () => {
      const queue = fresh();
      const ids = ['\u0001', '\u0001ä', '\u{10FFFF}', 'a~', '"\\{},\n'].map(id => id as MessageId);
      const headers = { '\u0001ü': '\u{1F600}\n', __proto: 'p', plain: '1' };
      const keys = [undefined, 'ключ', undefined, 'k', undefined];
      const puts = ids.map((id, index) => {
        const key = keys[index];
        return {
          queue,
          message: { id, body: Buffer.from(`${index}`.repeat(index)), headers, ...(key && { key }) },
        };
      });
      expect((await store.put(puts)).map(result => result.outcome)).toEqual(ids.map(() => 'applied'));
      const messages = await lease(queue);
      expect(messages.map(({ id }) => id)).toEqual(ids);
      expect(messages.map(({ key }) => key)).toEqual(keys);
      expect(messages.map(leased => Buffer.from(leased.body).toString())).toEqual([
        '',
        '1',
        '22',
        '333',
        '4444',
      ]);
      expect(messages.map(leased => leased.headers)).toEqual(ids.map(() => headers));
      expect((await store.inspect.get(queue, ids[0] as MessageId))?.owner).toBe('\u0001ö');
      for (const changed of ['2', 'ß', '3']) {
        const [message] = changed === '2' ? messages : await lease(queue);
        const action = { type: 'release', delayMs: 0, headers: { plain: changed } } as const;
        expect(await store.settle([{ lease: message!, action }])).toEqual([applied]);
      }
      expect((await lease(queue))[0]?.headers).toEqual({ ...headers, plain: '3' });
    });

    test('a lease that is named twice is extended once, and charged twice', async () => {
      const queue = fresh();
      await store.put([{ queue, message: { body } }]);
      const [message] = await lease(queue);
      const twice = [message!, message!];
      expect(await store.extend(twice, 60_000, { started: true })).toEqual([applied, applied]);
      expect((await store.inspect.get(queue, message!.id))?.attemptCount).toBe(2);
    });

    test('of ids put together, one whose message is there or that came twice is a duplicate, and is not remembered anew', async () => {
      const queue = fresh();
      const put = async (...ids: string[]): Promise<unknown[]> => {
        const puts = ids.map(id => ({ queue, message: { id: id as MessageId, body, rememberMs: 600_000 } }));
        return (await store.put(puts)).map(result => result.outcome === 'applied' && result.duplicate);
      };
      expect(await put('a', 'b')).toEqual([false, false]);
      await client.query(`delete from quorate.queue_memory where queue = '${queue}'`);
      expect(await put('c', 'a', 'd', 'c')).toEqual([false, true, false, true]);
      const messages = await lease(queue);
      expect(messages.map(({ id }) => id)).toEqual(['a', 'b', 'c', 'd']);
      const settlements = messages.map(each => ({ lease: each, action: { type: 'acknowledge' } as const }));
      expect(await store.settle(settlements)).toEqual([applied, applied, applied, applied]);
      expect(await put('a', 'c', 'd', 'e')).toEqual([false, true, true, false]);
    });

    test('an id that is remembered is a duplicate though its message came and went meanwhile', async () => {
      const queue = fresh();
      const message = { id: 'a' as MessageId, body, rememberMs: 600_000 };
      await client.query('begin');
      await store.put([{ queue, message }], { transaction: client });
      await client.query(`delete from quorate.queue_message where queue = $1`, [queue]);
      const again = store.put([{ queue, message: { id: 'a' as MessageId, body } }]);
      await stand.untilOneWaits();
      await client.query('commit');
      expect(await again).toEqual([{ outcome: 'applied', id: 'a', duplicate: true }]);
      expect(await lease(queue)).toEqual([]);
    });

    test('what comes behind a message of its key while that is purged goes with it', async () => {
      const queue = fresh();
      await store.put([{ queue, message: { key: 'k', body } }]);
      await client.query('begin');
      await client.query(
        `select quorate.queue_put(array[$1], 'x', '{0}', '{1}', null, null, null, null, '{k}', '{1}', null, null, null, false)`,
        [queue],
      );
      const purged = store.inspect.purge(queue);
      await stand.untilOneWaits();
      await client.query('commit');
      expect(await purged).toBe(2);
      await store.put([{ queue, message: { key: 'k', body } }]);
      expect((await lease(queue)).length).toBe(1);
    });

    test('leases that ended long ago come again at once, however many there are', async () => {
      const queue = fresh();
      // Those that are extended stand by themselves, and the others together.
      for (const length of [999, 1000, ...Array.from({ length: 50 }, () => 10)]) {
        await store.put(Array.from({ length }, () => ({ queue, message: { body } })));
        const leased = await store.lease(queue, { messagesMax: 1000, leaseMs: 60_000, owner: 'o' });
        if (length === 999) await store.extend(leased, 60_000);
      }
      const past = 'leased_until = leased_until - 600000 where queue = $1';
      await client.query(`update quorate.queue_message set check_at = check_at - 600000, ${past}`, [queue]);
      await client.query(`update quorate.queue_batch set ${past}`, [queue]);
      await using later = await stand.open();
      const counts: number[] = [];
      for (let time = 0; time < 4; time++)
        counts.push((await later.lease(queue, { messagesMax: 1000, leaseMs: 60_000, owner: 'o' })).length);
      expect(counts).toEqual([1000, 1000, 499, 0]);
    });

    test('a settlement puts more than one call may, and leaves all numbers to others', async () => {
      const queue = fresh();
      await store.put([{ queue, message: { body } }]);
      const [message] = await lease(queue);
      const puts = Array.from({ length: 2500 }, () => ({ queue, message: { body } }));
      expect(await store.settle([{ lease: message!, action: { type: 'acknowledge' }, puts }])).toEqual([
        applied,
      ]);
      await store.put(puts.slice(0, 1000));
      await store.put(puts.slice(0, 1000));
      expect((await store.inspect.depth(queue)).readyCount).toBe(4500);
    });

    test('an answer ends once it holds 8 MiB', async () => {
      const queue = fresh();
      const large = new Uint8Array(2 ** 20);
      await store.put(Array.from({ length: 11 }, () => ({ queue, message: { body: large } })));
      await store.put([{ queue, message: { body, lane: 1 } }]);
      for (let index = 10; index < 21; index++)
        await store.state.write({ key: `${queue}/${index}`, value: large });
      const pagesOf = async (read: (options: PageOptions) => Promise<Page<unknown>>): Promise<number[]> => {
        const counts: number[] = [];
        let cursor: string | undefined;
        do {
          const page = await read(cursor === undefined ? {} : { cursor });
          counts.push(page.items.length);
          cursor = page.cursor;
        } while (cursor !== undefined);
        return counts;
      };
      expect(await pagesOf(options => store.inspect.messages(queue, options))).toEqual([8, 4]);
      expect(await pagesOf(options => store.state.scan(queue, options))).toEqual([8, 3]);
      const options = { messagesMax: 100, leaseMs: 60_000, owner: 'o' };
      const leased: number[][] = [];
      for (let time = 0; time < 2; time++)
        leased.push((await store.lease(queue, options)).map(({ lane }) => lane));
      expect(leased).toEqual([
        [0, 0, 0, 0, 0, 0, 0, 0],
        [0, 0, 0, 1],
      ]);
    });

    test('names are paged in one order, whatever the order of the database’s own language is', async ({
      skip,
    }) => {
      const { rows } = await client.query(`select from pg_collation where collprovider = 'i' limit 1`);
      if (rows.length === 0) skip('needs a server with ICU');
      await client.query(`create database thai template template0 locale_provider icu icu_locale 'th'`);
      const connectionString = stand.urlAt(stand.server.port).replace(/postgres$/, 'thai');
      await using local = await stand.open({ connectionString });
      // What stands after the vowel is sorted before it there.
      const names = ['p/เก1', 'p/เก2', 'p/เก3'];
      await local.put(names.map(queue => ({ queue, message: { body } })));
      const found: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await local.inspect.queues('p/เ', {
          limit: 1,
          ...(cursor === undefined ? {} : { cursor }),
        });
        found.push(...page.items);
        cursor = page.cursor;
      } while (cursor !== undefined && found.length < 5);
      expect(found).toEqual(names);
    });

    test('keys are refused where a transaction cannot see what others commit meanwhile', async () => {
      const settings = encodeURIComponent('-c default_transaction_isolation=serializable');
      const connectionString = `${stand.urlAt(stand.server.port)}?options=${settings}`;
      await using strict = await stand.open({ connectionString });
      const putting = strict.put([{ queue: fresh(), message: { key: 'k', body } }]);
      await expect(putting).rejects.toMatchObject({
        code: 'STORE_REFUSED',
        outcome: 'not-applied',
        message: expect.stringContaining(
          'must be "read committed" where keys are used: received "serializable"',
        ),
      });
    });

    test('a statement that has to give way to another is sent again', async () => {
      const queue = fresh();
      await store.put(['a', 'b'].map(id => ({ queue, message: { id: id as MessageId, body } })));
      const messages = await lease(queue);
      // The second first, as nobody of ours would: one of the two has to give way.
      await client.query(`set deadlock_timeout = '1h'`);
      await client.query('begin');
      const lock = `select from quorate.queue_message where queue = $1 and id = $2 for update`;
      await client.query(lock, [queue, 'b']);
      const extending = store.extend(messages, 60_000);
      await stand.untilOneWaits();
      const locking = client.query(lock, [queue, 'a']);
      await locking;
      await client.query('commit');
      expect(await extending).toEqual([applied, applied]);
    });

    test('what has had its time is dropped, and nothing else', async () => {
      const queue = fresh();
      const partition = queue.split('/')[0] as string;
      const put = (id: string, rememberMs: number) => ({
        queue,
        message: { id: id as MessageId, body, rememberMs },
      });
      await store.put([put('brief', 1), put('long', 600_000)]);
      const now = await store.now();
      for (const [name, expiresAtMs] of [
        ['brief', now + 1],
        ['long', now + 600_000],
      ] as const)
        await store.state.write({ key: `${partition}/${name}`, value: body, expiresAtMs });
      while ((await store.now()) <= now + 1);
      await client.query('select quorate.queue_sweep()');
      const kept = `select (select array_agg(id) from quorate.queue_memory where queue = $1) as ids,
        (select array_agg(key) from quorate.queue_state where starts_with(key, $2)) as keys`;
      const { rows } = await client.query(kept, [queue, `${partition}/`]);
      expect(rows).toEqual([{ ids: ['long'], keys: [`${partition}/long`] }]);
    });

    test('stand beside a Store in one schema', async () => {
      const connectionString = stand.urlAt(stand.server.port);
      await using beside = await createPostgresStore({ connectionString, connectionsMax: 3 });
      await beside.put('a/b', body, { absent: true });
      expect((await beside.get('a/b'))?.value).toEqual(new Uint8Array(body));
      const queue = fresh();
      await store.put([{ queue, message: { body } }]);
      expect((await lease(queue)).length).toBe(1);
    });

    test('one call that is too large is refused with the limit', async () => {
      const large = new Uint8Array(2 ** 20);
      const puts = Array.from({ length: 260 }, () => ({ queue: fresh(), message: { body: large } }));
      await expect(store.put(puts)).rejects.toThrow(`at most ${256 * 2 ** 20} bytes`);
    });
  });
}
