import type { SessionId } from '@quorate/core';
import { skipReason } from '@quorate/servers';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createPostgresStore } from '../src/index.ts';
import { PostgresStand } from './postgres-subject.ts';

const reason = skipReason('postgres');
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const absent = { absent: true } as const;

let stand: PostgresStand;
let names = 0;

/** A partition that nobody has used. */
const fresh = (): string => `r${++names}`;

/** A connection beside the store, for what others do. */
class Other implements AsyncDisposable {
  readonly client: pg.Client = new pg.Client({ connectionString: stand.urlAt(stand.server.port) });

  static async connect(): Promise<Other> {
    const other = new Other();
    await other.client.connect();
    return other;
  }

  async ask(text: string, values: unknown[] = []): Promise<Record<string, unknown>[]> {
    return (await this.client.query(text, values)).rows;
  }

  /** Settles when as many calls of the store wait for a lock. */
  async untilWaiting(count: number): Promise<void> {
    const waiting = `select count(*)::integer as count from pg_stat_activity where wait_event_type = 'Lock'`;
    while (((await this.ask(waiting))[0]?.['count'] as number) < count);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.end();
  }
}

describe.skipIf(reason !== undefined)(
  `calls at the same time on PostgreSQL (needs a server${reason === undefined ? '' : `: ${reason}`})`,
  { timeout: 60_000 },
  () => {
    beforeAll(async () => {
      stand = await PostgresStand.start();
    });
    afterAll(() => stand[Symbol.asyncDispose]());

    test('what is repeated while its session ends does not take effect twice', async () => {
      await using store = await stand.open();
      await using other = await Other.connect();
      const key = `${fresh()}/n`;
      const session = await store.session({ ttlMs: 60_000 });
      const operation = { session: session.id, sequence: 1 };
      await store.add!(key, 1n, { operation });
      await other.ask('begin');
      await other.ask(`select from quorate.partition where name = split_part($1, '/', 1) for update`, [key]);
      const again = store.add!(key, 1n, { operation });
      await using watching = await Other.connect();
      await watching.untilWaiting(1);
      // It waits for the partition. Its session ends meanwhile, and with it goes what is remembered.
      await other.ask('select quorate.end_session($1)', [session.id]);
      await other.ask('commit');
      expect(await again).toMatchObject({ outcome: 'unknown', cause: { code: 'SESSION_LOST' } });
      expect(new TextDecoder().decode((await store.get(key))?.value)).toBe('1');
    });

    test('who clears up behind a session holds one partition at a time, and not many entries', async () => {
      await using store = await stand.open();
      await using other = await Other.connect();
      const [one, two] = [fresh(), fresh()];
      const session = await store.session({ ttlMs: 60_000 });
      await other.ask(
        `select quorate.put_entry(p, p || '/' || i, '', 'absent', null, $1, null, null)
          from unnest($2::text[]) p, generate_series(1, 150) i`,
        [session.id, [one, two]],
      );
      const left = `select count(*)::integer as count from quorate.entry where session = $1`;
      const counts: unknown[] = [];
      for (let more: unknown = true; more === true; ) {
        await other.ask('begin');
        more = (await other.ask('select quorate.end_session($1) as more', [session.id]))[0]?.['more'];
        const locked = await other.ask(
          `select name from quorate.partition where name = any($1)
            except select name from (select name from quorate.partition for update skip locked) free`,
          [[one, two]],
        );
        expect(locked.length).toBeLessThanOrEqual(1);
        await other.ask('commit');
        counts.push((await other.ask(left, [session.id]))[0]?.['count']);
      }
      expect(counts).toEqual([200, 150, 50, 0]);
      await expect(store.observe(session.id)).resolves.toBeUndefined();
    });

    test('a session that was seen dead stays dead, also where the clock is set back', async () => {
      await using store = await stand.open();
      await using other = await Other.connect();
      const id = 'clock-was-set-back' as SessionId;
      await other.ask(`insert into quorate.session values ($1, 60000, clock_timestamp() - interval '1 ms')`, [
        id,
      ]);
      expect(await other.ask('select quorate.session_left($1) as left', [id])).toEqual([{ left: 0 }]);
      // As good as a clock that goes back: what is left of the deadline moves on.
      await other.ask(`update quorate.session set deadline = deadline + interval '1 hour' where id = $1`, [
        id,
      ]);
      expect(await other.ask('select quorate.renew_session($1) as alive', [id])).toEqual([{ alive: false }]);
      await store.observe(id);
    });

    test('a refused call does not take a watched partition away', async () => {
      await using store = await stand.open();
      await using other = await Other.connect();
      const partition = fresh();
      await other.ask('select quorate.watch_changes($1, 0, $1)', [partition]);
      const refused = await store.put(`${partition}/a`, bytes(''), { modified: 5 as never });
      expect(refused).toEqual({ outcome: 'not-applied' });
      const watched = `select watched_until > now() as watched from quorate.partition where name = $1`;
      expect(await other.ask(watched, [partition])).toEqual([{ watched: true }]);
    });

    test('a list of nothing is older than a change that is on its way', async () => {
      await using store = await stand.open();
      await using other = await Other.connect();
      const partition = fresh();
      await other.ask('begin');
      await other.ask(`select quorate.put_entry($1, $1 || '/a', '', 'absent', null, null, null, null)`, [
        partition,
      ]);
      const { revision } = await store.list(`${partition}/`);
      await other.ask('commit');
      await store.put(`${partition}/b`, bytes(''), absent);
      const rows = await other.ask('select * from quorate.watch_changes($1, $2, $1)', [partition, revision]);
      expect(rows.slice(1).map(({ key }) => key)).toEqual([`${partition}/a`, `${partition}/b`]);
    });

    test('a refused call leaves no mark that later entries could lie below', async () => {
      await using store = await stand.open();
      await using other = await Other.connect();
      const partition = fresh();
      const put = await store.put(`${partition}/a`, bytes(''), absent);
      if (put.outcome === 'applied') await store.delete(`${partition}/a`, { created: put.revision });
      // The next call is the one that looks how old entries are.
      await other.ask('update quorate.partition set logged = 100000 where name = $1', [partition]);
      await store.put(`${partition}/a`, bytes(''), { modified: 5 as never });
      const rows = await other.ask(
        'select logged, floor > 0 and floor <= revision as kept from quorate.partition where name = $1',
        [partition],
      );
      expect(rows).toEqual([{ logged: 0, kept: true }]);
    });

    test('names of statements are short enough for the server, however long the schema is', async () => {
      const complained = vi.spyOn(console, 'error').mockImplementation(() => {});
      const connectionString = stand.urlAt(stand.server.port);
      await using store = await createPostgresStore({ connectionString, schema: 's'.repeat(63) });
      await store.put('p/a', bytes(''), absent);
      expect(await store.get('p/a')).toBeDefined();
      expect(complained).not.toHaveBeenCalled();
      complained.mockRestore();
    });
  },
);
