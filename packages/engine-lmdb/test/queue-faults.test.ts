import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MessageId, QueueStore } from '@quorate/core';
import { afterAll, describe, expect, test } from 'vitest';
import { createLmdbQueueStore } from '../src/index.ts';
import { testFolder } from './lmdb-subject.ts';

const folder = testFolder();
afterAll(() => folder[Symbol.dispose]());

const queue = 'jobs/a';
const textOf = ({ body }: { readonly body: Uint8Array }): string => Buffer.from(body).toString();
const options = { messagesMax: 100, leaseMs: 600_000, owner: 'me' };

async function inStore<Result>(path: string, use: (store: QueueStore) => Promise<Result>): Promise<Result> {
  await using store = await createLmdbQueueStore({ path });
  return await use(store);
}

function put(store: QueueStore, texts: readonly string[], key?: string): Promise<unknown> {
  const more = key === undefined ? {} : { key };
  return store.put(
    texts.map(text => ({ queue, message: { ...more, id: text as MessageId, body: Buffer.from(text) } })),
  );
}

/** Flips a bit wherever a text stands in the database. */
function flip(path: string, text: string): void {
  const queues = join(path, 'queues');
  const boot = readdirSync(queues).find(name => name.startsWith('boot-')) as string;
  const file = join(queues, boot, 'data.mdb');
  const content = readFileSync(file);
  let count = 0;
  for (let at = content.indexOf(text); at !== -1; at = content.indexOf(text, at + 1)) {
    content[at] = (content[at] as number) ^ 1;
    count++;
  }
  expect(count).toBeGreaterThan(0);
  writeFileSync(file, content);
}

describe('a bit that was flipped on the disk', () => {
  test('of a message sets that message aside, and is never given to anybody', async () => {
    const path = folder.fresh();
    await inStore(path, async store => {
      await put(store, ['first', 'second-is-damaged', 'third']);
    });
    flip(path, 'second-is-damaged');
    await inStore(path, async store => {
      const messages = await store.lease(queue, options);
      expect(messages.map(textOf)).toEqual(['first', 'third']);
      expect(await store.inspect.depth(queue)).toMatchObject({ leasedCount: 2, readyCount: 0 });
      await store.settle(messages.map(lease => ({ lease, action: { type: 'acknowledge' } })));
      expect((await store.inspect.queues('jobs')).items).toEqual([]);
    });
  });

  test('of a message of a key lets the next of its key out', async () => {
    const path = folder.fresh();
    await inStore(path, async store => {
      await put(store, ['first-is-damaged', 'second', 'third'], 'k');
    });
    flip(path, 'first-is-damaged');
    await inStore(path, async store => {
      const [second, ...others] = await store.lease(queue, options);
      expect([textOf(second!), others]).toEqual(['second', []]);
      await store.settle([{ lease: second!, action: { type: 'acknowledge' } }]);
      expect((await store.lease(queue, options)).map(textOf)).toEqual(['third']);
    });
  });

  test('of a record is an error, until it is written anew', async () => {
    const path = folder.fresh();
    const value = Buffer.from('what-is-damaged');
    await inStore(path, store => store.state.write({ key: 'jobs/s', value }));
    flip(path, 'what-is-damaged');
    await inStore(path, async store => {
      await expect(store.state.get('jobs/s')).rejects.toMatchObject({ code: 'RECORD_CORRUPT' });
      await expect(store.state.write({ key: 'jobs/s', value, version: 1 })).rejects.toMatchObject({
        code: 'RECORD_CORRUPT',
        outcome: 'not-applied',
      });
      expect(await store.state.write({ key: 'jobs/s', value })).toMatchObject({ outcome: 'applied' });
      expect(textOf({ body: (await store.state.get('jobs/s'))!.value })).toBe('what-is-damaged');
    });
  });
});

describe('queues that have no room', () => {
  test('refuse what is too much as a whole, and go on once something is acknowledged', async () => {
    await using store = await createLmdbQueueStore({ path: folder.fresh(), maxBytes: 20_000 });
    const body = new Uint8Array(1000);
    const full = { code: 'STORE_FULL', outcome: 'not-applied', retryable: true };
    let stored = 0;
    const fill = async (): Promise<void> => {
      for (; stored < 100; stored++) await store.put([{ queue, message: { body } }]);
    };
    await expect(fill()).rejects.toMatchObject(full);
    expect(stored).toBeGreaterThan(10);
    const many = Array.from({ length: 20 }, () => ({ queue, message: { body } }));
    const leased = await store.lease(queue, options);
    expect(leased).toHaveLength(stored);
    const [first, ...rest] = leased.map(lease => ({ lease, action: { type: 'acknowledge' } as const }));
    await expect(store.settle([{ ...first!, puts: many }])).rejects.toMatchObject(full);
    expect(await store.inspect.depth(queue)).toMatchObject({ leasedCount: stored });
    expect((await store.settle([first!, ...rest])).every(({ outcome }) => outcome === 'applied')).toBe(true);
    expect(await store.put(many.slice(0, 10))).toHaveLength(10);
  });

  test('on their disk say so as well, lose nothing, and go on when there is room', async ({ skip }) => {
    skip(process.platform !== 'linux', "the limit of the shell is Linux's");
    const path = folder.fresh();
    await inStore(path, store => put(store, ['first']));
    // A limit of the kernel's on the size of files stands in for a full disk.
    const fill = new URL('./queue-fill-child.ts', import.meta.url).pathname;
    const command = ['-c', `ulimit -f 18000; exec "$0" "$@"`, process.execPath, fill, path, queue];
    const child = spawn('sh', command, { stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    child.stdout.on('data', chunk => {
      text += String(chunk);
    });
    await once(child, 'close');
    const { stored, code, outcome } = JSON.parse(text);
    expect({ code, outcome }).toEqual({ code: 'STORE_FULL', outcome: 'not-applied' });
    await inStore(path, async store => {
      expect(await store.inspect.depth(queue)).toMatchObject({ readyCount: stored + 1 });
      expect(await store.put([{ queue, message: { body: new Uint8Array(100_000) } }])).toMatchObject([
        { outcome: 'applied' },
      ]);
    });
  });
});

test.each([
  [{ path: '' }, TypeError],
  [{ path: 'a', durability: 'disk' as never }, TypeError],
  [{ path: 'a', commit: 'later' as never }, TypeError],
  [{ path: 'a', maxBytes: 0 }, RangeError],
  [{ path: 'a', openMs: Number.NaN }, RangeError],
])('options are checked: %j', async (wrong, type) => {
  await expect(createLmdbQueueStore(wrong)).rejects.toThrow(type);
});
