import { ManualClock, type SessionId, systemClock } from '@quorate/core';
import { skipReason } from '@quorate/servers';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createPostgresStore } from '../src/index.ts';
import { PostgresStand } from './postgres-subject.ts';

const reason = skipReason('postgres');
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const absent = { absent: true } as const;

let stand: PostgresStand;
let names = 0;

/** A partition that nobody has used. */
const fresh = (): string => `p${++names}`;

async function admin<Result>(run: (client: pg.Client) => Promise<Result>): Promise<Result> {
  const client = new pg.Client({ connectionString: stand.urlAt(stand.server.port) });
  await client.connect();
  try {
    return await run(client);
  } finally {
    await client.end();
  }
}

describe.skipIf(reason !== undefined)(
  `the store on PostgreSQL (needs a server${reason === undefined ? '' : `: ${reason}`})`,
  { timeout: 60_000 },
  () => {
    beforeAll(async () => {
      stand = await PostgresStand.start();
    });
    afterAll(() => stand[Symbol.asyncDispose]());

    test('counts once what was repeated, wherever the connection broke', async () => {
      await using store = await stand.open();
      await using session = await store.session({ ttlMs: 60_000 });
      const link = stand.linkOf(store);
      const key = `${fresh()}/n`;
      let [total, unknown] = [0n, 0];
      for (let sequence = 1; sequence <= 40; sequence++) {
        const operation = { session: session.id, sequence };
        const adding = store.add!(key, 1n, { operation });
        // Before it arrives, while it is carried out, or while the answer is on its way.
        if (sequence % 4 === 1) link.reset();
        if (sequence % 4 === 2) queueMicrotask(() => link.reset());
        if (sequence % 4 === 3) setImmediate(() => link.reset());
        let result = await adding.catch(() => undefined);
        while (result?.outcome !== 'applied') {
          if (result !== undefined) unknown++;
          result = await store.add!(key, 1n, { operation }).catch(() => undefined);
        }
        total = result.value;
      }
      expect(total).toBe(40n);
      expect(unknown).toBeGreaterThan(0);
    });

    test('settles as unknown by the deadline while the server stands still, and is resolved afterwards', async () => {
      await using store = await stand.open();
      await using session = await store.session({ ttlMs: 60_000 });
      const key = `${fresh()}/n`;
      const operation = { session: session.id, sequence: 1 };
      // There is a connection, so that what follows is sent.
      await store.get(key);
      stand.server.pause();
      try {
        const result = await store.add!(key, 1n, { operation, deadlineMs: 300 });
        expect(result).toMatchObject({ outcome: 'unknown', cause: { code: 'DEADLINE_EXCEEDED' } });
        await expect(store.get(key, { deadlineMs: 100 })).rejects.toMatchObject({ outcome: 'not-applied' });
      } finally {
        stand.server.resume();
      }
      const result = await store.add!(key, 1n, { operation });
      expect(result).toMatchObject({ outcome: 'applied', value: 1n });
    });

    test('never sends what was given up while it waited for a connection', async () => {
      await using store = await stand.open({ connectionsMax: 3 });
      const partition = fresh();
      await store.get(`${partition}/a`);
      stand.server.pause();
      const held = Array.from({ length: 3 }, (_, index) => store.get(`${partition}/${index}`));
      const late = await store.put(`${partition}/late`, bytes(''), absent, { deadlineMs: 100 });
      expect(late.outcome).toBe('unknown');
      stand.server.resume();
      await Promise.all(held);
      // Whatever waited for a connection behind it has been served.
      await Promise.all(Array.from({ length: 6 }, (_, index) => store.get(`${partition}/${index}`)));
      expect(await store.get(`${partition}/late`)).toBeUndefined();
    });

    test('keeps what was acknowledged when the server is killed, and goes on with it', async () => {
      await using store = await stand.open();
      await using session = await store.session({ ttlMs: 60_000 });
      const partition = fresh();
      const written: string[] = [];
      for (let killing: Promise<void> | undefined; ; ) {
        const key = `${partition}/${written.length}`;
        const result = await store.put(key, bytes('x'), absent).catch(() => undefined);
        if (result?.outcome === 'applied') written.push(key);
        if (written.length === 20) killing ??= stand.server.kill();
        if (killing === undefined || result?.outcome === 'applied') continue;
        await killing;
        break;
      }
      await stand.server.restart();
      const { entries, revision } = await store.list(`${partition}/`);
      const keys = new Set(entries.map(({ key }) => key));
      expect(written.length).toBeGreaterThan(10);
      expect(written.filter(key => !keys.has(key))).toEqual([]);
      const next = await store.put(`${partition}/next`, bytes(''), absent);
      expect(next).toMatchObject({ outcome: 'applied' });
      if (next.outcome === 'applied') expect(next.revision).toBeGreaterThan(revision);
      expect(session.lost.aborted).toBe(false);
    });

    test('finds changes by looking where notifications do not come', async () => {
      const clock = new ManualClock();
      await using deaf = await stand.open({ clock });
      await using store = await stand.open();
      const partition = fresh();
      const { revision } = await deaf.list(`${partition}/`);
      const controller = new AbortController();
      const watch = deaf.watch(`${partition}/`, revision, { signal: controller.signal });
      const events = watch[Symbol.asyncIterator]();
      // It may miss the first while it begins; then it says so, and is there.
      const first = events.next();
      await store.put(`${partition}/a`, bytes('1'), absent);
      const { value } = await first;
      expect(value.type === 'resync' || value.entry.key === `${partition}/a`).toBe(true);
      const second = events.next();
      await admin(client =>
        client.query(`select pg_terminate_backend(pid) from pg_stat_activity where query like 'listen %'`),
      );
      await store.put(`${partition}/b`, bytes('2'), absent);
      // The clock stands still, so it does not connect again by itself.
      for (let step = 0; step < 40; step++) {
        clock.advance(1000);
        await new Promise(resolve => setImmediate(resolve));
      }
      expect((await second).value).toMatchObject({ type: 'put', entry: { key: `${partition}/b` } });
      controller.abort();
      expect((await events.next()).done).toBe(true);
    });

    test('deletes what dead sessions leave, and forgets partitions that were empty for long', async () => {
      await using store = await stand.open();
      const partition = fresh();
      const session = await store.session({ ttlMs: 60_000 });
      const operation = { session: session.id, sequence: 1 };
      await store.put(`${partition}/a`, bytes(''), absent, { session: session.id, operation });
      await using other = await stand.open();
      await using _alive = await other.session({ ttlMs: 60_000 });
      const observed = other.observe(session.id);
      await admin(async client => {
        await client.query(`update quorate.session set deadline = clock_timestamp() where id = $1`, [
          session.id,
        ]);
        await client.query('select quorate.sweep(), quorate.sweep_thoroughly()');
        const left = `select (select count(*) from quorate.entry where partition = $1)
        + (select count(*) from quorate.operation where partition = $1) as rows`;
        // Whoever else has seen it dead may be at it, and is passed over.
        while ((await client.query(left, [partition])).rows[0].rows !== '0')
          await client.query('select quorate.sweep(), quorate.sweep_thoroughly()');
        await client.query(
          `update quorate.partition set revision = revision - 4000000000, watched_until = '-infinity' where name = $1`,
          [partition],
        );
        await client.query('select quorate.sweep(), quorate.sweep_thoroughly()');
        const partitions = await client.query('select from quorate.partition where name = $1', [partition]);
        expect(partitions.rowCount).toBe(0);
      });
      await observed;
      const again = { operation: { session: session.id, sequence: 2 } };
      const put = await store.put(`${partition}/a`, bytes(''), absent, again);
      expect(put).toMatchObject({ outcome: 'unknown', cause: { code: 'SESSION_LOST' } });
    });

    test('keeps about a thousand changes of a watched partition, and says which are gone', async () => {
      await using store = await stand.open();
      const partition = fresh();
      const { revision } = await store.list(`${partition}/`);
      const watch = (signal: AbortSignal): AsyncIterator<unknown> =>
        store.watch(`${partition}/`, revision, { signal })[Symbol.asyncIterator]();
      const controller = new AbortController();
      const first = watch(controller.signal).next();
      await store.put(`${partition}/first`, bytes(''), absent);
      await first;
      await admin(client =>
        client.query(
          `select quorate.add_number($1, $1 || '/n', 1, null, null) from generate_series(1, 4000)`,
          [partition],
        ),
      );
      const late = await watch(controller.signal).next();
      expect(late.value).toEqual({ type: 'resync' });
      controller.abort();
      const { rows } = await admin(client =>
        client.query(`select count(*)::integer as count from quorate.change where partition = $1`, [
          partition,
        ]),
      );
      expect(rows[0].count).toBeLessThan(3000);
    });

    test('says how durable it is by what the server is set to', async () => {
      await using store = await stand.open();
      expect(store.capabilities).toMatchObject({ durability: 'fsync', linearizable: true });
      const connectionString = `${stand.urlAt(stand.server.port)}?options=-c%20synchronous_commit%3Doff`;
      await using fast = await createPostgresStore({ connectionString });
      expect(fast.capabilities.durability).toBe('memory');
      await using declared = await createPostgresStore({ connectionString, durability: 'quorum' });
      expect(declared.capabilities.durability).toBe('quorum');
    });

    test('gives the bytes that were put in whichever format the server writes them', async () => {
      const value = Uint8Array.from({ length: 256 }, (_, index) => index);
      for (const format of ['hex', 'escape']) {
        const connectionString = `${stand.urlAt(stand.server.port)}?options=-c%20bytea_output%3D${format}`;
        await using store = await createPostgresStore({ connectionString });
        const key = `${fresh()}/"a b", (\\)`;
        await store.put(key, value, absent);
        const refused = await store.put(key, value, absent);
        expect(refused).toMatchObject({ outcome: 'not-applied', current: { key, value } });
        const entry = await store.get(key);
        expect(entry?.value).toEqual(value);
        const deleted = await store.delete(key, { created: entry!.created });
        expect(deleted).toMatchObject({ outcome: 'applied', entry: { key, value } });
      }
    });

    test('opens at once from many clients, shares one schema, and keeps schemas apart', async () => {
      const connectionString = stand.urlAt(stand.server.port);
      const open = (schema: string): ReturnType<typeof createPostgresStore> =>
        createPostgresStore({ connectionString, connectionsMax: 3, schema });
      const [one, two, three] = await Promise.all([open('My "store"'), open('My "store"'), open('other')]);
      await one.put('p/a', bytes('1'), absent);
      expect(await two.get('p/a')).toBeDefined();
      expect(await three.get('p/a')).toBeUndefined();
      await Promise.all([one, two, three].map(store => store[Symbol.asyncDispose]()));
    });

    test('refuses tables of a later version and leaves them as they are, and a missing schema that it may not make', async () => {
      const connectionString = stand.urlAt(stand.server.port);
      await (await createPostgresStore({ connectionString, schema: 'later' }))[Symbol.asyncDispose]();
      await admin(client => client.query('update later.version set version = 99'));
      // A function that is made anew has another.
      const text = `select oid, xmin from pg_proc where pronamespace = 'later'::regnamespace order by oid`;
      const functions = async (): Promise<unknown> => (await admin(client => client.query(text))).rows;
      const later = await functions();
      for (const migrate of [false, true]) {
        const opening = createPostgresStore({ connectionString, schema: 'later', migrate });
        await expect(opening).rejects.toMatchObject({ code: 'UNSUPPORTED' });
      }
      expect(await functions()).toEqual(later);
      const missing = createPostgresStore({ connectionString, schema: 'missing', migrate: false });
      await expect(missing).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    });

    test('leaves a pool of its user open, and the process nothing to wait for', async () => {
      const pool = new pg.Pool({ connectionString: stand.urlAt(stand.server.port), max: 4 });
      const before = pool.listenerCount('error');
      const store = await createPostgresStore({ pool: pool as never, clock: systemClock });
      const controller = new AbortController();
      const { revision } = await store.list('p/');
      const events = store.watch('p/', revision, { signal: controller.signal })[Symbol.asyncIterator]();
      const next = events.next();
      const observing = store.observe('nobody' as SessionId);
      await observing;
      await store[Symbol.asyncDispose]();
      await expect(next).rejects.toMatchObject({ code: 'CLOSED' });
      expect(pool.listenerCount('error')).toBe(before);
      expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
      await pool.end();
    });
  },
);
