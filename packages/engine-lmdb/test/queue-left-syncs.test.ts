import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { QueueStore } from '@quorate/core';
import { afterAll, describe, expect, test } from 'vitest';
import { createLmdbQueueStore } from '../src/index.ts';
import { heldSyncs, isSettledSoon } from './held-syncs.ts';
import { testFolder } from './lmdb-subject.ts';
import { untilPowerIsLost } from './lost-power.ts';

const folder = testFolder();
afterAll(() => folder[Symbol.dispose]());

const queue = 'jobs/a';
const unknown = { outcome: 'unknown', cause: { code: 'UNAVAILABLE' } };
/** Enough messages for a batch whose sync the writer's thread leaves to the one that asks. */
const many = 20;

/** Messages that each say a name and their number. */
function putMany(store: QueueStore, name: string, count = many): Promise<unknown[]> {
  return store.put(
    Array.from({ length: count }, (_, number) => ({
      queue,
      message: { body: Buffer.from(`${name}${number}`) },
    })),
  ) as Promise<unknown[]>;
}

/** Has the log's file open here, and a sync of it since in the writer's thread: from then on syncs can be left to this one. */
async function openLog(store: QueueStore): Promise<void> {
  await store.put([{ queue, message: { body: Buffer.from('first') } }]);
  await putMany(store, 'first');
}

async function namesOf(store: QueueStore): Promise<Set<string>> {
  const messages = await store.lease(queue, { messagesMax: 1000, leaseMs: 600_000, owner: 'me' });
  return new Set(messages.map(({ body }) => Buffer.from(body).toString().replace(/\d+$/, '')));
}

const readyCount = async (store: QueueStore): Promise<number> =>
  (await store.inspect.depth(queue)).readyCount;

describe('a batch whose sync is left to the thread that asks', () => {
  test('is told of when it is on disk, while the next one is committed', async () => {
    await using store = await createLmdbQueueStore({ path: folder.fresh() });
    await openLog(store);
    const syncs = heldSyncs();
    const a = putMany(store, 'a');
    await expect.poll(() => syncs.count).toBe(1);
    const b = putMany(store, 'b');
    await expect.poll(() => readyCount(store)).toBe(1 + 3 * many);
    // What is small waits for the sync of its own, which is of the same file.
    await store.put([{ queue, message: { body: Buffer.from('small') } }]);
    expect(await isSettledSoon(a)).toBe(false);
    syncs.end();
    await a;
    expect(await isSettledSoon(b)).toBe(false);
    await expect.poll(() => syncs.count).toBe(1);
    syncs.end();
    await b;
  });

  test('is unknown when its sync fails, as is what was committed meanwhile; nothing is lost that was told', async () => {
    const path = folder.fresh();
    await untilPowerIsLost({ path }, async store => {
      await openLog(store);
      const log = join(path, 'queues', 'log');
      const [last] = readdirSync(log)
        .filter(name => /^log-\d+$/.test(name))
        .toSorted()
        .toReversed();
      const file = join(log, last as string);
      const syncs = heldSyncs();
      const a = putMany(store, 'a');
      await expect.poll(() => syncs.count).toBe(1);
      const b = putMany(store, 'b');
      await expect.poll(() => readyCount(store)).toBe(1 + 3 * many);
      syncs.end(new Error('EIO: i/o error, fdatasync'));
      const failed = [...(await a), ...(await b)];
      expect(failed).toEqual(failed.map(() => expect.objectContaining({ outcome: 'unknown' })));
      expect(failed[0]).toMatchObject(unknown);
      expect(syncs.count).toBe(0);
      await putMany(store, 'c');
      // The log goes on in another file, behind a copy: the one with the gap is not read any more.
      writeFileSync(file, new Uint8Array(statSync(file).size));
    });
    await using store = await createLmdbQueueStore({ path });
    expect(await namesOf(store)).toEqual(new Set(['first', 'a', 'b', 'c']));
  });

  test('is on disk when a store is closed', async () => {
    const store = await createLmdbQueueStore({ path: folder.fresh() });
    await openLog(store);
    const syncs = heldSyncs();
    const a = putMany(store, 'a');
    await expect.poll(() => syncs.count).toBe(1);
    const closed = store[Symbol.asyncDispose]() as Promise<unknown>;
    // Closing another takes as long as this one would.
    await (await createLmdbQueueStore({ path: folder.fresh() }))[Symbol.asyncDispose]();
    expect(await isSettledSoon(closed)).toBe(false);
    syncs.end();
    expect(await a).toMatchObject(Array.from({ length: many }, () => ({ outcome: 'applied' })));
    await closed;
  });

  test('goes on from file to file of the log, and nothing is lost with the power', {
    timeout: 60_000,
  }, async () => {
    const path = folder.fresh();
    const body = Buffer.alloc(40_000);
    const batchCount = 12;
    await untilPowerIsLost({ path }, async store => {
      for (let batch = 0; batch < batchCount; batch += 2) {
        const put = (name: number): Promise<unknown> => {
          const own = Buffer.from(body);
          own.writeUInt32LE(name);
          return store.put(Array.from({ length: many }, () => ({ queue, message: { body: own } })));
        };
        await Promise.all([put(batch), put(batch + 1)]);
      }
    });
    await using store = await createLmdbQueueStore({ path });
    const numbers: number[] = [];
    for (;;) {
      const messages = await store.lease(queue, { messagesMax: 1000, leaseMs: 600_000, owner: 'me' });
      if (messages.length === 0) break;
      for (const message of messages) numbers.push(Buffer.from(message.body).readUInt32LE());
    }
    expect(numbers).toEqual(
      Array.from({ length: batchCount * many }, (_, index) => Math.floor(index / many)),
    );
  });
});

describe.runIf(process.platform === 'linux')(
  'one beside which another was committed in that thread (needs Linux)',
  () => {
    // The descriptor of the other may have been opened since, and its sync say nothing then.
    test.each([[['left', 'small']], [['small', 'left']]] as const)(
      'fails with it, when the first of %s fails',
      async names => {
        await using store = await createLmdbQueueStore({ path: folder.fresh(), commit: 'inline' });
        await openLog(store);
        const syncs = heldSyncs();
        const puts: Promise<unknown[]>[] = [];
        for (const name of names) {
          puts.push(putMany(store, name, name === 'small' ? 1 : many));
          await expect.poll(() => syncs.count).toBe(puts.length);
        }
        syncs.end(new Error('EIO: i/o error, fdatasync'));
        syncs.end();
        for (const [result] of await Promise.all(puts)) expect(result).toMatchObject(unknown);
      },
    );
  },
);
