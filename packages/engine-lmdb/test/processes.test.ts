import type { Store } from '@quorate/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createLmdbStore } from '../src/index.ts';
import { storeChild } from './child-process.ts';
import { testFolder } from './lmdb-subject.ts';

const folder = testFolder();
const options = { path: `${folder.path}/store`, durability: 'os' } as const;
let store: Store;

beforeAll(async () => {
  store = await createLmdbStore(options);
});
afterAll(async () => {
  await store[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

const never = (): AbortSignal => new AbortController().signal;

async function numberAt(key: string): Promise<number> {
  return Number(new TextDecoder().decode((await store.get(key))?.value));
}

describe('a process that is killed', () => {
  test('is noticed by the kernel, and its entries go, long before its time to live', async () => {
    await using holder = await storeChild(options);
    holder.send({ do: 'hold', prefix: 'queue/', ttlMs: 600_000 });
    const { session, key } = await holder.answer('held');
    const dead = store.observe(session as never);
    const { revision } = await store.list('queue/');
    const changes = store.watch(key, revision, { signal: never() })[Symbol.asyncIterator]();
    const deletion = changes.next();
    await holder.kill();
    await dead;
    expect((await deletion).value).toMatchObject({ type: 'delete', entry: { key } });
    await changes.return?.();
    expect((await store.list('queue/')).entries).toEqual([]);
  });

  test('is noticed by other processes too, which are woken over their sockets', async () => {
    await using holder = await storeChild(options);
    await using watcher = await storeChild(options);
    holder.send({ do: 'hold', prefix: 'other/', ttlMs: 600_000 });
    const { key, session } = await holder.answer('held');
    watcher.send({ do: 'watch', prefix: 'other/' });
    await watcher.answer('watching');
    const dead = store.observe(session as never);
    await holder.kill();
    await dead;
    expect(await watcher.answer('change')).toMatchObject({ type: 'delete', key });
  });

  test('or ends without a word, is noticed where it was observed', async () => {
    await using holder = await storeChild(options);
    holder.send({ do: 'hold', prefix: 'exit/', ttlMs: 600_000 });
    const { session } = await holder.answer('held');
    const dead = store.observe(session as never);
    holder.send({ do: 'exit' });
    await dead;
    expect((await store.list('exit/')).entries).toEqual([]);
  });

  test('is noticed after a while, though nobody had asked for it', async () => {
    await using holder = await storeChild(options);
    holder.send({ do: 'hold', prefix: 'alone/', ttlMs: 600_000 });
    await holder.answer('held');
    await holder.kill();
    await expect.poll(async () => (await store.list('alone/')).entries, { timeout: 20_000 }).toEqual([]);
  });

  test('loses no addition that it was answered, and none counts twice', { timeout: 120_000 }, async () => {
    const key = 'counts/a';
    let answered = 0;
    let killed = 0;
    for (let round = 0; round < 3; round++) {
      const children = await Promise.all([1, 2, 3].map(() => storeChild(options)));
      for (const child of children) child.send({ do: 'count', key });
      for (const [index, child] of children.entries()) {
        for (let taken = 0; taken < 20 + 15 * index; taken++) await child.answer('counting');
        await child.kill();
        answered += child.answers.filter(({ is }) => is === 'counting').length;
        killed++;
      }
    }
    const total = await numberAt(key);
    expect(total).toBeGreaterThanOrEqual(answered);
    // Of each process one addition may have taken effect that it had no time to tell of.
    expect(total).toBeLessThanOrEqual(answered + killed);
  });
});

describe('a process that is stopped', () => {
  test('is dead once its time to live has passed, and finds that out when it goes on', async () => {
    await using holder = await storeChild(options);
    holder.send({ do: 'hold', prefix: 'stopped/', ttlMs: 4000 });
    const { session } = await holder.answer('held');
    holder.process.kill('SIGSTOP');
    await store.observe(session as never);
    await expect.poll(async () => (await store.list('stopped/')).entries).toEqual([]);
    holder.process.kill('SIGCONT');
    expect((await holder.answer('lost')).remainingMs).toBe(0);
  });
});
