import type { Store, StoreEvent } from '@quorate/core';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { changesMax } from '../src/change-ring.ts';
import { createLmdbStore } from '../src/index.ts';
import { testFolder } from './lmdb-subject.ts';

const folder = testFolder();
const absent = { absent: true } as const;
let store: Store;

beforeAll(async () => {
  store = await createLmdbStore({ path: `${folder.path}/store`, durability: 'os' });
});
afterAll(async () => {
  await store[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

/** The next event of a watch, each time it is called. */
function watched(prefix: string, from: number): () => Promise<StoreEvent> {
  const controller = new AbortController();
  onTestFinished(() => controller.abort());
  const events = store.watch(prefix, from as never, { signal: controller.signal })[Symbol.asyncIterator]();
  return async () => (await events.next()).value as StoreEvent;
}

/** Overwrites the whole ring with changes of one partition. */
async function overwriteRing(partition: string): Promise<void> {
  for (let from = 0; from <= changesMax; from += 256) {
    const numbers = Array.from({ length: 256 }, (_, index) => from + index);
    await Promise.all(numbers.map(number => store.put(`${partition}/${number}`, new Uint8Array(), absent)));
  }
}

test('a watcher that waits misses nothing of its own, however much happens elsewhere', async () => {
  const { revision } = await store.list('calm/');
  const next = watched('calm/', revision);
  const first = next();
  await store.put('calm/1', new Uint8Array(), absent);
  expect(await first).toMatchObject({ type: 'put', entry: { key: 'calm/1' } });
  const second = next();
  await overwriteRing('busy');
  await store.put('calm/2', new Uint8Array(), absent);
  expect(await second).toMatchObject({ type: 'put', entry: { key: 'calm/2' } });
});

test('nor does one that begins to watch a partition in which nothing was overwritten', async () => {
  const { revision } = await store.list('late/');
  await overwriteRing('other');
  await store.put('late/1', new Uint8Array(), absent);
  expect(await watched('late/', revision)()).toMatchObject({ type: 'put', entry: { key: 'late/1' } });
});

test('who missed changes that were overwritten is told, and goes on with what comes then', async () => {
  const { revision } = await store.list('lost/');
  await store.put('lost/1', new Uint8Array(), absent);
  await overwriteRing('third');
  const next = watched('lost/', revision);
  expect(await next()).toEqual({ type: 'resync' });
  const event = next();
  await store.put('lost/2', new Uint8Array(), absent);
  expect(await event).toMatchObject({ type: 'put', entry: { key: 'lost/2' } });
});

test('a value that is too large to be kept twice is a resync', async () => {
  const { revision } = await store.list('large/');
  const next = watched('large/', revision);
  const event = next();
  await store.put('large/1', new Uint8Array(100_000), absent);
  expect(await event).toEqual({ type: 'resync' });
});

test('a watcher that does not read is told everything once it does, or that it was too much', async () => {
  const { revision } = await store.list('slow/');
  const next = watched('slow/', revision);
  const first = next();
  for (let number = 0; number < 100; number++) await store.put(`slow/${number}`, new Uint8Array(), absent);
  const keys = [await first];
  while (keys.length < 100) keys.push(await next());
  expect(keys.map(event => 'entry' in event && event.entry.key)).toEqual(
    Array.from({ length: 100 }, (_, number) => `slow/${number}`),
  );
});
