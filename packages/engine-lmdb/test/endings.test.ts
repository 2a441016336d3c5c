import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer, Socket } from 'node:net';
import { join } from 'node:path';
import { isMainThread, Worker } from 'node:worker_threads';
import type { Store } from '@quorate/core';
import { afterAll, expect, onTestFinished, test, vi } from 'vitest';
import { HostLinks } from '../src/host/host-links.ts';
import { InlineWriter } from '../src/host/inline-writer.ts';
import { LockWord } from '../src/host/lock-word.ts';
import { reservedRevisions } from '../src/host/reserved-revisions.ts';
import { StoreHost } from '../src/host/store-host.ts';
import { WriterClient } from '../src/host/writer-client.ts';
import { createLmdbStore } from '../src/index.ts';
import { unavailable } from '../src/store-failure.ts';
import { storeChild } from './child-process.ts';
import { testFolder } from './lmdb-subject.ts';

const folder = testFolder();
const { fresh } = folder;
afterAll(() => folder[Symbol.dispose]());

const absent = { absent: true } as const;

/** Starts a module of this folder on a store. It is killed with the test. */
function child(file: string, path: string): ChildProcess {
  const started = fork(new URL(file, import.meta.url), [path]);
  onTestFinished(() => void started.kill('SIGKILL'));
  return started;
}

test('a process that ends while it commits does end, and leaves the lock to others', async () => {
  const path = fresh();
  await using store = await createLmdbStore({ path, durability: 'os' });
  for (let turn = 0; turn < 2; turn++) {
    expect(await once(child('./exit-child.ts', path), 'exit')).toEqual([7, null]);
    expect(await store.put(`a/${turn}`, new Uint8Array(), absent)).toMatchObject({ outcome: 'applied' });
  }
}, 90_000);

test('a process that is killed while it reads does not make the database grow for ever', async () => {
  const path = fresh();
  await using store = await createLmdbStore({ path, durability: 'os' });
  const boot = readdirSync(path).find(name => name.startsWith('boot-')) as string;
  const fileBytes = (): number => statSync(join(path, boot, 'data.mdb')).size;
  await overwrite(store, 300);
  await once(child('./stale-reader-child.ts', path), 'exit');
  // Whether it grows while the dead is not noticed is another matter.
  await expect
    .poll(
      async () => {
        const before = fileBytes();
        await overwrite(store, 300);
        return fileBytes() - before;
      },
      { timeout: 60_000 },
    )
    .toBeLessThan(500_000);
}, 90_000);

/** Writes so many times over the same keys. */
async function overwrite(store: Store, times: number): Promise<void> {
  for (let time = 0; time < times; time++) {
    const put = await store.put('a/1', new Uint8Array(3000), absent);
    if (put.outcome === 'applied') await store.delete('a/1', { created: put.entry!.created });
  }
}

test('a database that cannot be read for a while ends no process that sweeps it', {
  timeout: 90_000,
}, async () => {
  const path = fresh();
  await using store = await createLmdbStore({ path, durability: 'os' });
  await using holder = await storeChild({ path, durability: 'os' });
  holder.send({ do: 'hold', prefix: 'queue/', ttlMs: 600_000 });
  const { session } = await holder.answer('held');
  const dead = store.observe(session as never);
  const sweep = Object.getOwnPropertyDescriptor(StoreHost.prototype, 'sweep')?.value as () => void;
  let failed = 0;
  const reading = vi.spyOn(StoreHost.prototype, 'sweep').mockImplementation(function (this: StoreHost) {
    if (failed === 4) reading.mockRestore();
    const failing = vi.spyOn(this, 'read').mockImplementation(() => {
      failed++;
      throw new Error('no reader slot is free');
    });
    try {
      sweep.call(this);
    } finally {
      failing.mockRestore();
    }
  });
  await holder.kill();
  await dead;
  await expect.poll(() => failed, { timeout: 60_000 }).toBe(5);
  expect(await store.put('a/1', new Uint8Array(), absent)).toMatchObject({ outcome: 'applied' });
});

test("the write lock's word is not taken for another that looks alike", ({ skip }) => {
  skip(process.platform !== 'linux', 'it is only looked for on Linux');
  const path = fresh();
  mkdirSync(path);
  const file = join(path, 'lock.mdb');
  const words = (owner: number): Buffer => {
    const head = Buffer.alloc(256);
    // As where the process has the number of the readers, or of the last transaction: 1 in many containers.
    head.writeUInt32LE(process.pid, 16);
    head.writeUInt32LE(owner, 64);
    head.writeUInt32LE(owner, 72);
    return head;
  };
  writeFileSync(file, words(0));
  const descriptor = openSync(file, 'r');
  onTestFinished(() => closeSync(descriptor));
  const word = LockWord.find(path, run => {
    writeFileSync(file, words(process.pid));
    run();
    writeFileSync(file, words(0));
  });
  expect(word?.isFree()).toBe(true);
  writeFileSync(file, words(process.pid + 1));
  expect(word?.isFree()).toBe(false);
});

test('commits are done in the thread that asks, where that is wanted', async ({ skip }) => {
  skip(process.platform !== 'linux' || !isMainThread, 'elsewhere the writer does them');
  const inline = vi.spyOn(InlineWriter.prototype, 'run');
  onTestFinished(() => {
    inline.mockRestore();
  });
  await using store = await createLmdbStore({ path: fresh(), durability: 'os', commit: 'inline' });
  await store.put('a/1', new Uint8Array(), absent);
  expect(inline).toHaveBeenCalled();
});

test('closing a store leaves the locks to the threads that have it open still', async ({ skip }) => {
  skip(process.platform !== 'linux', 'it is Linux that tells of its locks');
  const options = { path: fresh(), durability: 'os', commit: 'inline' } as const;
  const store = await createLmdbStore(options);
  const worker = new Worker(new URL('./thread-holder.ts', import.meta.url), { workerData: options });
  onTestFinished(async () => {
    await worker.terminate();
  });
  await once(worker, 'message');
  const boot = readdirSync(options.path).find(name => name.startsWith('boot-')) as string;
  const { ino } = statSync(join(options.path, boot, 'lock.mdb'));
  const locks = (): string[] =>
    readFileSync('/proc/locks', 'utf8')
      .split('\n')
      .filter(line => line.includes(`:${ino} `));
  const before = locks();
  expect(before.length).toBeGreaterThan(0);
  await store[Symbol.asyncDispose]();
  expect(locks()).toHaveLength(before.length);
});

test('what is given up before it is sent comes to an end', async () => {
  await using store = await createLmdbStore({ path: fresh(), durability: 'os' });
  const asking = vi.spyOn(WriterClient.prototype, 'ask');
  const controller = new AbortController();
  const opening = store.session({ ttlMs: 60_000, signal: controller.signal });
  controller.abort();
  await expect(opening).rejects.toMatchObject({ code: 'ABORTED', outcome: 'not-applied' });
  const end = Promise.all(asking.mock.results.map(({ value }) => value as Promise<unknown>)).catch(
    (thrown: unknown) => thrown,
  );
  asking.mockRestore();
  const next = store.put('a/1', new Uint8Array(), absent);
  expect(await Promise.race([end, next])).toMatchObject({ code: 'UNAVAILABLE', outcome: 'not-applied' });
  await next;
});

test('an answer that comes after the writer has failed is nobody’s, and ends no process', async () => {
  const made = vi.spyOn(Worker.prototype, 'unref');
  await using store = await createLmdbStore({ path: fresh(), durability: 'os' });
  const [writer] = made.mock.contexts as [Worker];
  made.mockRestore();
  onTestFinished(async () => {
    await writer.terminate();
  });
  const put = store.put('a/1', new Uint8Array(), absent);
  await Promise.resolve();
  writer.emit('error', new Error('out of memory'));
  expect(await put).toMatchObject({ outcome: 'unknown', cause: { code: 'UNAVAILABLE' } });
  await expect.poll(() => store.get('a/1')).toBeDefined();
  await new Promise(resolve => setImmediate(resolve));
});

test('a watch outlives a database that cannot be read for a while', async () => {
  await using store = await createLmdbStore({ path: fresh(), durability: 'os' });
  const { revision } = await store.list('a/');
  const read = Object.getOwnPropertyDescriptor(StoreHost.prototype, 'read')?.value as StoreHost['read'];
  let failures = 3;
  const reading = vi.spyOn(StoreHost.prototype, 'read').mockImplementation(function (this: StoreHost, run) {
    if (failures-- > 0) throw unavailable('no reader slot is free', 'not-applied');
    return read.call(this, run);
  });
  onTestFinished(() => {
    reading.mockRestore();
  });
  const controller = new AbortController();
  const events = store.watch('a/', revision, { signal: controller.signal })[Symbol.asyncIterator]();
  const first = events.next();
  await store.put('a/1', new Uint8Array(), absent);
  expect((await first).value).toMatchObject({ type: 'put', entry: { key: 'a/1' } });
  expect(failures).toBeLessThan(0);
  controller.abort();
});

test('revisions that cannot be read are not taken for none', () => {
  const path = fresh();
  mkdirSync(path);
  expect(reservedRevisions(path)).toBe(0);
  writeFileSync(join(path, 'revisions'), '17x');
  expect(() => reservedRevisions(path)).toThrow(expect.objectContaining({ code: 'STORE_CORRUPT' }));
});

test('a host that is observed is still observed after a connection to it was given up', async () => {
  const hosts = mkdtempSync(join(folder.path, 'h'));
  let onDead: (host: string, isProven: boolean) => void = () => {};
  const dead = new Promise(resolve => {
    onDead = (...what) => resolve(what);
  });
  await using links = new HostLinks({ folder: hosts, host: 'me', onTopic: () => {}, onDead });
  await links.listen();
  const accepted: Socket[] = [];
  const other = createServer({ pauseOnConnect: true }, socket => void accepted.push(socket));
  other.listen(join(hosts, 'other'));
  await once(other, 'listening');
  onTestFinished(links.observe('other'));
  await once(other, 'connection');
  // It does not read, as a stopped process, until too much waits for it.
  const destroy = vi.spyOn(Socket.prototype, 'destroy');
  onTestFinished(() => {
    destroy.mockRestore();
  });
  for (let turn = 0; turn < 100 && destroy.mock.calls.length === 0; turn++) {
    await new Promise(resolve => setImmediate(resolve));
    for (let frame = 0; frame < 100 && destroy.mock.calls.length === 0; frame++) {
      links.wake('other', `W${'x'.repeat(1000)}`);
    }
  }
  destroy.mockRestore();
  await expect.poll(() => accepted.length).toBe(2);
  other.close();
  for (const socket of accepted) socket.destroy();
  expect(await dead).toEqual(['other', true]);
});
