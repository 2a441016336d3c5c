import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Store } from '@quorate/core';
import { afterAll, describe, expect, test } from 'vitest';
import { createLmdbStore, type LmdbStoreOptions } from '../src/index.ts';
import { storeChild } from './child-process.ts';
import { testFolder } from './lmdb-subject.ts';

const folder = testFolder();
const { fresh } = folder;
afterAll(() => folder[Symbol.dispose]());

const absent = { absent: true } as const;
const bytes = (length: number): Uint8Array => new Uint8Array(length).fill(7);

/** Opens a store, and disposes of it. */
async function inStore<Result>(
  options: LmdbStoreOptions,
  run: (store: Store) => Promise<Result>,
): Promise<Result> {
  await using store = await createLmdbStore({ durability: 'os', ...options });
  return await run(store);
}

function refused(promise: Promise<unknown>): Promise<{ code?: string; outcome?: string; message: string }> {
  return promise.then(
    () => expect.unreachable('refused'),
    thrown => thrown,
  );
}

/** The folder that the database of a store at durability `os` lies in. */
function bootFolder(path: string): string {
  return join(path, readdirSync(path).find(name => name.startsWith('boot-')) as string);
}

describe('a store that has no room', () => {
  test('refuses what is too much, keeps everything, and goes on once something is deleted', async () => {
    await inStore({ path: fresh(), maxBytes: 20_000 }, async store => {
      let stored = 0;
      const error = await refused(
        (async () => {
          for (; stored < 100; stored++) await store.put(`a/${stored}`, bytes(1000), absent);
        })(),
      );
      expect(error).toMatchObject({ code: 'STORAGE_FULL', outcome: 'not-applied', retryable: true });
      expect(stored).toBeGreaterThan(10);
      expect((await store.list('a/')).entries).toHaveLength(stored);
      const { created } = (await store.get('a/0'))!;
      expect(await store.delete('a/0', { created })).toMatchObject({ outcome: 'applied' });
      expect(await store.put('a/again', bytes(1000), absent)).toMatchObject({ outcome: 'applied' });
      expect(await refused(store.put('a/more', bytes(1000), absent))).toMatchObject({ code: 'STORAGE_FULL' });
    });
  });

  test('on its disk says so as well, and loses nothing', async ({ skip }) => {
    skip(process.platform !== 'linux', "the limit of the shell is Linux's");
    const path = fresh();
    await inStore({ path }, store => store.put('a/first', bytes(10), absent));
    // A limit of the kernel's on the size of files stands in for a full disk.
    const child = spawn('sh', ['-c', `ulimit -f 600; exec "$0" "$@"`, process.execPath, ...fill(path)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let text = '';
    child.stdout.on('data', chunk => {
      text += String(chunk);
    });
    await once(child, 'close');
    const { stored, code, outcome, smaller } = JSON.parse(text);
    expect({ code, outcome, smaller }).toEqual({
      code: 'STORAGE_FULL',
      outcome: 'not-applied',
      smaller: 'applied',
    });
    await inStore({ path }, async store => {
      expect((await store.list('a/')).entries).toHaveLength(stored + 2);
      expect(await store.put('a/later', bytes(100_000), absent)).toMatchObject({ outcome: 'applied' });
    });
  });
});

function fill(path: string): string[] {
  return [new URL('./fill-child.ts', import.meta.url).pathname, path];
}

describe('a store that is not what it should be', () => {
  test('of another format is left alone', async () => {
    const path = fresh();
    await inStore({ path }, async () => {});
    const facts = join(path, 'store.json');
    writeFileSync(facts, readFileSync(facts, 'utf8').replace('"format":1', '"format":2'));
    expect(await refused(createLmdbStore({ path }))).toMatchObject({ code: 'STORE_VERSION' });
    writeFileSync(facts, '{"form');
    expect(await refused(createLmdbStore({ path }))).toMatchObject({ code: 'STORE_CORRUPT' });
  });

  test('with a database of garbage is refused', async () => {
    const path = fresh();
    await inStore({ path, durability: 'fsync' }, store => store.put('a/1', bytes(10), absent));
    writeFileSync(join(path, 'data', 'data.mdb'), Buffer.alloc(65_536, 'garbage'));
    const error = await refused(createLmdbStore({ path }));
    expect(error).toMatchObject({ code: 'STORE_CORRUPT', outcome: 'not-applied' });
    expect(error.message).toContain('data.mdb');
  });

  test('says what is wrong, also to a thread that hears of it late', async () => {
    const path = fresh();
    await inStore({ path, durability: 'fsync' }, async () => {});
    writeFileSync(join(path, 'data', 'data.mdb'), Buffer.alloc(65_536, 'garbage'));
    const error = refused(createLmdbStore({ path }));
    await new Promise(resolve => setImmediate(resolve));
    // By then the writer's thread has said it and is gone: both are heard of together.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000);
    expect(await error).toMatchObject({ code: 'STORE_CORRUPT' });
  });

  test('with a database that was cut off is refused, and does not end the process', async () => {
    const path = fresh();
    await inStore({ path, durability: 'fsync' }, async store => {
      for (let index = 0; index < 50; index++) await store.put(`a/${index}`, bytes(10_000), absent);
    });
    const file = join(path, 'data', 'data.mdb');
    // Into what is in use; behind it lies what is kept free.
    truncateSync(file, 65_536);
    expect(await refused(createLmdbStore({ path }))).toMatchObject({ code: 'STORE_CORRUPT' });
  });

  test('in a folder with a foreign database is not made', async () => {
    const path = fresh();
    mkdirSync(path);
    writeFileSync(join(path, 'data.mdb'), 'somebody else');
    expect(await refused(createLmdbStore({ path }))).toMatchObject({ code: 'STORE_CORRUPT' });
  });

  test('in a folder that cannot be written is refused', async ({ skip }) => {
    skip(process.getuid?.() === 0, 'the superuser may write everywhere');
    const path = fresh();
    mkdirSync(path);
    chmodSync(path, 0o555);
    expect(await refused(createLmdbStore({ path }))).toMatchObject({
      code: 'UNAVAILABLE',
      outcome: 'not-applied',
    });
  });

  test('in a place that is no folder is refused', async () => {
    const path = fresh();
    writeFileSync(path, '');
    expect(await refused(createLmdbStore({ path }))).toMatchObject({
      code: 'UNAVAILABLE',
      outcome: 'not-applied',
    });
  });
});

describe('durability', () => {
  test("is the store's own: nobody is promised more, and whoever is content with less gets it", async () => {
    const path = fresh();
    await inStore({ path, durability: 'os' }, async () => {});
    expect(await refused(createLmdbStore({ path }))).toMatchObject({ code: 'STORE_DURABILITY' });
    const other = fresh();
    await inStore({ path: other, durability: 'fsync' }, async () => {});
    await inStore({ path: other, durability: 'os' }, async store => {
      expect(store.capabilities.durability).toBe('fsync');
    });
  });

  test('"os": a store that was closed comes along into the next boot, one that was not does not', async () => {
    const path = fresh();
    await inStore({ path }, store => store.put('a/kept', bytes(1), absent));
    const boot = bootFolder(path);
    const { renameSync, rmSync } = await import('node:fs');
    renameSync(boot, join(path, 'boot-of-before'));
    const last = await inStore({ path }, async store => {
      expect(await store.get('a/kept')).toBeDefined();
      return (await store.put('a/last', bytes(1), absent)) as { revision: number };
    });
    expect(existsSync(join(path, 'boot-of-before'))).toBe(false);
    rmSync(join(boot, 'clean'));
    renameSync(boot, join(path, 'boot-of-crash'));
    await inStore({ path }, async store => {
      expect(await store.get('a/kept')).toBeUndefined();
      // Fencing tokens that were given before stay smaller than all that come.
      const next = (await store.put('a/next', bytes(1), absent)) as { revision: number };
      expect(next.revision).toBeGreaterThan(last.revision);
    });
  });

  test('a store is as it was after all its processes were killed', async () => {
    const options = { path: fresh(), durability: 'os' } as const;
    const child = await storeChild(options);
    child.send({ do: 'put', key: 'a/1', bytes: 100 });
    expect(await child.answer('put')).toMatchObject({ outcome: 'applied' });
    await child.kill();
    await inStore(options, async store => {
      expect((await store.get('a/1'))?.value).toHaveLength(100);
    });
  });
});

describe('a path', () => {
  test("may be longer than a socket's", async ({ skip }) => {
    skip(process.platform !== 'linux', 'elsewhere it is refused');
    const path = join(fresh(), 'x'.repeat(100), 'y'.repeat(100));
    await using holder = await storeChild({ path, durability: 'os' });
    holder.send({ do: 'hold', prefix: 'q/', ttlMs: 600_000 });
    const { session } = await holder.answer('held');
    await inStore({ path }, async store => {
      const dead = store.observe(session as never);
      await holder.kill();
      expect(await dead).toBeUndefined();
    });
  });

  test('may be opened twice by one thread, under different names', async () => {
    const path = fresh();
    await inStore({ path }, one =>
      inStore({ path: join(path, '..', path.split('/').at(-1) as string) }, async other => {
        await one.put('a/1', bytes(1), absent);
        expect(await other.get('a/1')).toBeDefined();
      }),
    );
  });

  test('may be opened again and again, also while it is being closed', async () => {
    const path = fresh();
    for (let round = 0; round < 5; round++) {
      const one = await createLmdbStore({ path, durability: 'os' });
      const closed = one[Symbol.asyncDispose]();
      await inStore({ path }, store => store.put(`a/${round}`, bytes(1), absent));
      await closed;
    }
    await inStore({ path }, async store => expect((await store.list('a/')).entries).toHaveLength(5));
    expect(readdirSync(join(path, 'hosts'))).toEqual([]);
  });

  test.each([
    [{ path: '' }, TypeError],
    [{ path: 'a', durability: 'disk' as never }, TypeError],
    [{ path: 'a', commit: 'now' as never }, TypeError],
    [{ path: 'a', maxBytes: 0 }, RangeError],
    [{ path: 'a', openMs: Number.NaN }, RangeError],
  ])('and the other options are checked: %j', async (options, type) => {
    await expect(createLmdbStore(options)).rejects.toThrow(type);
  });
});
