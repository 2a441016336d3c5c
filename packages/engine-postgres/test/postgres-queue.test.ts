import {
  type Applied,
  type Enqueued,
  type EnqueueResult,
  queueKey,
  type Revision,
  type Store,
} from '@quorate/core';
import { skipReason } from '@quorate/servers';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PostgresStand } from './postgres-subject.ts';

const reason = skipReason('postgres');
const nothing = new Uint8Array();
const absent = { absent: true } as const;

let stand: PostgresStand;
let admin: pg.Client;
let store: Store;

/** Stands in line and leaves it, asking for its place as often as is said. */
async function enqueue(prefix: string, times = 1): Promise<Enqueued> {
  await using session = await store.session({ ttlMs: 60_000 });
  const options = { session: session.id, operation: { session: session.id, sequence: 1 } };
  const results = [];
  for (let time = 0; time < times; time++) results.push(await store.enqueue!(prefix, nothing, options));
  const [first] = results as [EnqueueResult];
  for (const result of results) expect(result).toEqual(first);
  if (first.outcome !== 'applied') throw new Error(first.outcome);
  // By a revision that is known, so that it is not for the end of the session to delete it.
  await store.delete(first.self.key, { created: first.self.created });
  return first;
}

/** How many changes of a partition are written down. */
async function countOfChanges(partition: string): Promise<number> {
  const text = 'select count(*)::integer as count from quorate.change where partition = $1';
  const { rows } = await admin.query<{ count: number }>(text, [partition]);
  return rows[0]!.count;
}

/** The first that a watch tells. */
async function firstOf(prefix: string, from: Revision): Promise<unknown> {
  const controller = new AbortController();
  const watch = store.watch(prefix, from, { signal: controller.signal });
  const { value } = await watch[Symbol.asyncIterator]().next();
  controller.abort();
  return value;
}

describe.skipIf(reason !== undefined)(
  `queues on PostgreSQL (needs a server${reason === undefined ? '' : `: ${reason}`})`,
  { timeout: 60_000 },
  () => {
    beforeAll(async () => {
      stand = await PostgresStand.start();
      store = await stand.open();
      admin = new pg.Client({ connectionString: stand.urlAt(stand.server.port) });
      await admin.connect();
    });
    afterAll(async () => {
      await admin.end();
      await store[Symbol.asyncDispose]();
      await stand[Symbol.asyncDispose]();
    });

    test('what comes and goes where nobody watches is not written down, and who comes later is told so', async () => {
      await store.put('quiet/a', nothing, absent);
      const { revision } = await store.list('quiet/');
      for (let count = 0; count < 20; count++) await enqueue('quiet/q/', 2);
      // The one put.
      expect(await countOfChanges('quiet')).toBe(1);
      expect(await firstOf('quiet/', revision)).toEqual({ type: 'resync' });
      const { self } = await enqueue('quiet/q/', 2);
      expect(await countOfChanges('quiet')).toBe(3);
      expect(await firstOf('quiet/q/', (self.created - 1) as Revision)).toMatchObject({
        type: 'put',
        entry: self,
      });
    });

    test('what was put is written down with its deletion, between those that stand in line, too', async () => {
      await enqueue('mixed/q/');
      const { entry, revision } = (await store.put('mixed/a', nothing, absent)) as Applied;
      await store.delete('mixed/a', { created: revision });
      expect(await firstOf('mixed/', revision)).toMatchObject({ type: 'delete', entry });
    });

    test('a call that is refused, or repeated, leaves no change to be missed', async () => {
      await enqueue('refused/q/');
      const { self } = await enqueue('refused/q/');
      const { revision } = await store.list('refused/');
      const refused = await store.delete(self.key, { created: self.created });
      expect(refused).toEqual({ outcome: 'not-applied' });
      expect((await store.list('refused/')).revision).toBe(revision);
      const { entry } = (await store.put('refused/a', nothing, absent)) as Applied;
      expect(await firstOf('refused/', revision)).toMatchObject({ type: 'put', entry });
    });

    test('a key that is taken is passed over, and the repeat knows the one that was made', async () => {
      await enqueue('taken/q/');
      // Revisions from here on are one after the other: the server's clock is behind.
      const { rows } = await admin.query<{ revision: string }>(
        `update quorate.partition set revision = revision + 1000000000 where name = 'taken' returning revision`,
      );
      const revision = Number(rows[0]!.revision);
      const taken = queueKey('taken/q/', (revision + 2) as Revision);
      expect(await store.put(taken, nothing, absent)).toMatchObject({ revision: revision + 1 });
      const { self, predecessor } = await enqueue('taken/q/');
      expect(self.key).toBe(queueKey('taken/q/', (revision + 3) as Revision));
      expect(predecessor?.key).toBe(taken);
      expect(await firstOf('taken/q/', (revision + 2) as Revision)).toEqual({ type: 'resync' });
    });
  },
);
