import { execFile } from 'node:child_process';
import fs, { statSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { MessageId, QueueStore } from '@quorate/core';
import { afterAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { createLmdbQueueStore } from '../src/index.ts';
import { heldSyncs, isSettledSoon } from './held-syncs.ts';
import { testFolder } from './lmdb-subject.ts';
import { untilPowerIsLost } from './lost-power.ts';

const folder = testFolder();
afterAll(() => folder[Symbol.dispose]());

const queue = 'jobs/a';
const textOf = ({ body }: { readonly body: Uint8Array }): string => Buffer.from(body).toString();
const put = (store: QueueStore, text: string) => store.put([{ queue, message: { body: Buffer.from(text) } }]);
const texts = async (store: QueueStore): Promise<string[]> =>
  (await store.lease(queue, { messagesMax: 100, leaseMs: 600_000, owner: 'me' })).map(textOf);
const unknown = { outcome: 'unknown', cause: { code: 'UNAVAILABLE' } };

const isHere = process.platform === 'linux';

describe.runIf(isHere)('a put that is committed in the thread that asks (needs Linux)', () => {
  test('is told of when it is on disk, and may be leased before', async () => {
    await using store = await createLmdbQueueStore({ path: folder.fresh(), commit: 'inline' });
    // The first begins a file of the log, which is the writer's thread's to do.
    await put(store, 'a');
    const syncs = heldSyncs();
    const [b, c, d] = ['b', 'c', 'd'].map(text => put(store, text)) as [
      Promise<unknown>,
      ...Promise<unknown>[],
    ];
    await expect.poll(() => syncs.count).toBe(1);
    const e = put(store, 'e');
    expect(await texts(store)).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(await isSettledSoon(b)).toBe(false);
    syncs.end();
    await Promise.all([b, c, d]);
    // What came while that sync was under way waits for one that begins later.
    expect(await isSettledSoon(e as Promise<unknown>)).toBe(false);
    expect(syncs.count).toBe(1);
    syncs.end();
    await e;
  });

  test('is unknown when its sync fails, as is what was committed meanwhile; nothing is lost that was told', async () => {
    const path = folder.fresh();
    await untilPowerIsLost({ path, commit: 'inline' }, async store => {
      await put(store, 'a');
      const syncs = heldSyncs();
      const b = put(store, 'b');
      await expect.poll(() => syncs.count).toBe(1);
      const c = put(store, 'c');
      await expect.poll(async () => (await store.inspect.depth(queue)).readyCount).toBe(3);
      syncs.end(new Error('EIO: i/o error, fdatasync'));
      expect(await b).toMatchObject([unknown]);
      expect(await c).toMatchObject([unknown]);
      expect(syncs.count).toBe(0);
      // The log goes on in another file, behind a copy.
      await put(store, 'd');
      const e = put(store, 'e');
      await expect.poll(() => syncs.count).toBe(1);
      syncs.end();
      await e;
      const log = join(path, 'queues', 'log', 'log-2');
      writeFileSync(log, new Uint8Array(statSync(log).size));
    });
    await using store = await createLmdbQueueStore({ path });
    expect(await texts(store)).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  test('goes on in the next file of the log, which the other thread begins', async () => {
    const path = folder.fresh();
    const count = 60;
    const body = Buffer.alloc(40_000);
    await untilPowerIsLost({ path, commit: 'inline' }, async store => {
      for (let number = 0; number < 3 * count; number++) {
        body.writeUInt32LE(number);
        await store.put([{ queue, message: { body } }]);
      }
    });
    await using store = await createLmdbQueueStore({ path, commit: 'inline' });
    const messages = await store.lease(queue, { messagesMax: 1000, leaseMs: 600_000, owner: 'me' });
    expect(messages.map(message => Buffer.from(message.body).readUInt32LE())).toEqual(
      Array.from({ length: 3 * count }, (_, number) => number),
    );
  });

  test('is on disk when a store is closed', async () => {
    const path = folder.fresh();
    const store = await createLmdbQueueStore({ path, commit: 'inline' });
    await put(store, 'a');
    const syncs = heldSyncs();
    const b = put(store, 'b');
    await expect.poll(() => syncs.count).toBe(1);
    const closed = store[Symbol.asyncDispose]();
    expect(await isSettledSoon(Promise.resolve(closed))).toBe(false);
    syncs.end();
    await b;
    await closed;
  });

  test('is on disk when a store is closed, also where nobody waits for it any more', async () => {
    const store = await createLmdbQueueStore({ path: folder.fresh(), commit: 'inline' });
    await put(store, 'a');
    const syncs = heldSyncs();
    const controller = new AbortController();
    const b = store.put([{ queue, message: { body: Buffer.from('b') } }], { signal: controller.signal });
    await expect.poll(() => syncs.count).toBe(1);
    controller.abort();
    expect(await b).toMatchObject([{ outcome: 'unknown' }]);
    const closed = store[Symbol.asyncDispose]();
    // Closing another takes as long as this one would.
    await (await createLmdbQueueStore({ path: folder.fresh() }))[Symbol.asyncDispose]();
    expect(await isSettledSoon(closed as Promise<unknown>)).toBe(false);
    syncs.end();
    await closed;
  });

  test('is unknown where a store is closed and its disk does not answer', async () => {
    const store = await createLmdbQueueStore({ path: folder.fresh(), commit: 'inline' });
    await put(store, 'a');
    const syncs = heldSyncs();
    const b = put(store, 'b');
    await expect.poll(() => syncs.count).toBe(1);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const closed = store[Symbol.asyncDispose]();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await b).toMatchObject([unknown]);
    await closed;
    syncs.end();
  });

  test('is told of under the same id after a sync that failed, though nothing was put since', async () => {
    await using store = await createLmdbQueueStore({ path: folder.fresh(), commit: 'inline' });
    await put(store, 'a');
    const message = { id: 'b' as MessageId, body: Buffer.from('b') };
    const syncs = heldSyncs();
    const b = store.put([{ queue, message }]);
    await expect.poll(() => syncs.count).toBe(1);
    syncs.end(new Error('EIO: i/o error, fdatasync'));
    expect(await b).toMatchObject([unknown]);
    // The first is answered by the thread that puts the log in order, whatever becomes of it.
    await store.put([{ queue, message }]);
    expect(await store.put([{ queue, message }])).toMatchObject([{ outcome: 'applied', duplicate: true }]);
  });

  test.each([
    { where: 'that thread', args: [], told: ['unknown', 'not-applied', 'applied'] },
    {
      where: 'this one',
      args: ['own'],
      told: ['applied', 'unknown', 'not-applied', 'applied'],
    },
  ])(
    'waits until the log is in order that the other thread could not put in order, after a sync that failed in $where',
    async ({ args, told }) => {
      const [imported, child] = ['./failing-syncs.ts', './queue-gap-child.ts'].map(name =>
        fileURLToPath(new URL(name, import.meta.url)),
      ) as [string, string];
      const { stdout } = await promisify(execFile)(
        process.execPath,
        ['--import', imported, child, folder.fresh(), ...args],
        { env: { ...process.env, FAILING_SYNCS: folder.fresh() } },
      );
      expect(JSON.parse(stdout)).toEqual(told);
    },
  );

  test('waits for no disk itself, not even to reserve revisions', async () => {
    const synced = vi.spyOn(fs, 'fsyncSync');
    syncBuiltinESMExports();
    onTestFinished(() => {
      synced.mockRestore();
      syncBuiltinESMExports();
    });
    await using store = await createLmdbQueueStore({ path: folder.fresh(), commit: 'inline' });
    synced.mockClear();
    await put(store, 'a');
    await put(store, 'b');
    expect(synced).not.toHaveBeenCalled();
  });
});
