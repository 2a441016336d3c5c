import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { createLmdbStore } from '../src/index.ts';
import { testFolder } from './lmdb-subject.ts';

const folder = testFolder();
afterAll(() => folder[Symbol.dispose]());

test('threads of one process share a store, and one that is terminated is noticed', async () => {
  const options = { path: `${folder.path}/store`, durability: 'os' } as const;
  await using store = await createLmdbStore(options);
  const worker = new Worker(new URL('./thread-holder.ts', import.meta.url), { workerData: options });
  onTestFinished(async () => void (await worker.terminate()));
  const [{ session, key }] = await once(worker, 'message');
  expect((await store.list('threads/')).entries.map(entry => entry.key)).toEqual([key]);
  const dead = store.observe(session);
  const { revision } = await store.list('threads/');
  const controller = new AbortController();
  const events = store.watch('threads/', revision, { signal: controller.signal })[Symbol.asyncIterator]();
  const deletion = events.next();
  await worker.terminate();
  await dead;
  expect((await deletion).value).toMatchObject({ type: 'delete', entry: { key } });
  controller.abort();
  // The database is still this thread's to write.
  expect(await store.put('threads/after', new Uint8Array(), { absent: true })).toMatchObject({
    outcome: 'applied',
  });
});
