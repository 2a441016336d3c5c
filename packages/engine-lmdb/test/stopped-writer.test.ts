import { fork } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { createLmdbStore } from '../src/index.ts';
import { testFolder } from './lmdb-subject.ts';

const folder = testFolder();
afterAll(() => folder[Symbol.dispose]());

const absent = { absent: true } as const;

test('closing does not wait for ever for a stopped process that holds the write lock', async () => {
  const path = `${folder.path}/closing`;
  const store = await createLmdbStore({ path, durability: 'os' });
  await store.session({ ttlMs: 60_000 });
  const holder = fork(new URL('./lock-child.ts', import.meta.url), [path]);
  onTestFinished(() => void holder.kill('SIGKILL'));
  await once(holder, 'message');
  const put = store.put('a/1', new Uint8Array(), absent);
  await store[Symbol.asyncDispose]();
  expect(await put).toMatchObject({ outcome: 'unknown', cause: { code: 'UNAVAILABLE' } });
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  const again = await createLmdbStore({ path, durability: 'os' });
  expect(await again.put('a/2', new Uint8Array(), absent)).toMatchObject({ outcome: 'applied' });
  await again[Symbol.asyncDispose]();
});

test.each(['thread', 'inline'] as const)(
  'calls settle by their deadlines while a stopped process holds the write lock, and go on after it: commit %s',
  async commit => {
    const path = `${folder.path}/${commit}`;
    const store = await createLmdbStore({ path, durability: 'os', commit });
    await store.put('a/before', new Uint8Array(), absent);
    const holder = fork(new URL('./lock-child.ts', import.meta.url), [path]);
    onTestFinished(() => void holder.kill('SIGKILL'));
    await once(holder, 'message');
    // Time enough to be with the writer by then, also where the machine is busy, or stands still for a while.
    const put = await store.put('a/1', new Uint8Array(), absent, { deadlineMs: 4000 });
    expect(put).toMatchObject({ outcome: 'unknown', cause: { code: 'DEADLINE_EXCEEDED' } });
    // Reading needs no lock.
    expect(await store.get('a/before')).toBeDefined();
    const error = await store.session({ ttlMs: 1000, deadlineMs: 200 }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'DEADLINE_EXCEEDED', outcome: 'not-applied' });
    await expect(
      createLmdbStore({ path: `${path}/../${commit}`, durability: 'os' }).then(other =>
        other[Symbol.asyncDispose](),
      ),
    ).resolves.toBeUndefined();
    // Its death lets go of the lock, and what waited is carried out.
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    expect(await store.put('a/2', new Uint8Array(), absent)).toMatchObject({ outcome: 'applied' });
    expect(await store.get('a/1')).toBeDefined();
    await store[Symbol.asyncDispose]();
  },
);
