import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LeasedMessage, MessageId, QueueStore } from '@quorate/core';
import { afterAll, describe, expect, test } from 'vitest';
import { createLmdbQueueStore } from '../src/index.ts';
import { testFolder } from './lmdb-subject.ts';
import { untilPowerIsLost } from './lost-power.ts';

const folder = testFolder();
afterAll(() => folder[Symbol.dispose]());

const queue = 'jobs/a';
const textOf = ({ body }: { readonly body: Uint8Array }): string => Buffer.from(body).toString();
const put = (store: QueueStore, texts: readonly string[]) =>
  store.put(texts.map(text => ({ queue, message: { body: Buffer.from(text) } })));
const lease = (store: QueueStore): Promise<readonly LeasedMessage[]> =>
  store.lease(queue, { messagesMax: 1000, leaseMs: 600_000, owner: 'me' });

function logFiles(path: string): string[] {
  const names = readdirSync(join(path, 'queues', 'log')).filter(name => /^log-\d+$/.test(name));
  names.sort((one, other) => Number(one.slice(4)) - Number(other.slice(4)));
  return names.map(name => join(path, 'queues', 'log', name));
}

describe.each(['thread', 'inline'] as const)('after a loss of power, with commits of %s', commit => {
  test('all is there that was resolved: messages, records, what is remembered; leases have ended, and tokens grow', async () => {
    const path = folder.fresh();
    const before = await untilPowerIsLost({ path, commit }, async store => {
      await put(store, ['a', 'b', 'c']);
      const [a, b] = await lease(store);
      await store.settle([
        {
          lease: a!,
          action: { type: 'acknowledge' },
          puts: [{ queue, message: { body: Buffer.from('d') } }],
          state: [{ key: 'jobs/done', value: Buffer.from('1') }],
        },
      ]);
      const message = { id: 'once' as MessageId, rememberMs: 600_000, body: Buffer.from('e') };
      await store.put([{ queue, message }]);
      return b!;
    });
    await using store = await createLmdbQueueStore({ path });
    const messages = await lease(store);
    expect(messages.map(textOf)).toEqual(['b', 'c', 'd', 'e']);
    expect(messages[0]!.token > before.token).toBe(true);
    expect(textOf({ body: (await store.state.get('jobs/done'))!.value })).toBe('1');
    const again = { id: 'once' as MessageId, rememberMs: 600_000, body: Buffer.from('e') };
    expect(await store.put([{ queue, message: again }])).toMatchObject([{ duplicate: true }]);
    expect(await store.settle([{ lease: before, action: { type: 'acknowledge' } }])).toEqual([
      { outcome: 'not-applied', reason: 'lost' },
    ]);
  });

  test('again and again, all is there', async () => {
    const path = folder.fresh();
    for (const text of ['a', 'b', 'c']) await untilPowerIsLost({ path, commit }, store => put(store, [text]));
    await using store = await createLmdbQueueStore({ path });
    expect((await lease(store)).map(textOf)).toEqual(['a', 'b', 'c']);
  });

  test('what was half written at the end of the log is nothing, and all before it is there', async () => {
    const path = folder.fresh();
    await untilPowerIsLost({ path, commit }, async store => {
      for (const text of ['a', 'b', 'c']) await put(store, [text]);
    });
    const [file] = logFiles(path);
    const content = readFileSync(file!);
    const end = content.lastIndexOf('c');
    content[end] = 0x7a;
    writeFileSync(file!, content);
    await using store = await createLmdbQueueStore({ path });
    expect((await lease(store)).map(textOf)).toEqual(['a', 'b']);
    await put(store, ['d']);
    await untilPowerIsLost({ path, commit }, async () => {});
  });

  test('a checkpoint stands for the beginning of the log', { timeout: 60_000 }, async () => {
    const path = folder.fresh();
    const body = new Uint8Array(2 ** 20);
    await untilPowerIsLost({ path, commit }, async store => {
      await put(store, ['a']);
      const [first] = logFiles(path);
      for (let round = 0; round < 24; round++) {
        const ids = Array.from({ length: 4 }, (_, index) => `${round}-${index}` as MessageId);
        await store.put(ids.map(id => ({ queue: 'jobs/large', message: { id, body } })));
        await store.inspect.remove('jobs/large', ids);
      }
      await put(store, ['b']);
      await expect
        .poll(() => readdirSync(join(path, 'queues')), { timeout: 20_000 })
        .toContainEqual(expect.stringMatching(/^checkpoint-\d+$/));
      await expect.poll(() => logFiles(path), { timeout: 20_000 }).not.toContain(first);
      await put(store, ['c']);
    });
    await using store = await createLmdbQueueStore({ path });
    expect((await lease(store)).map(textOf)).toEqual(['a', 'b', 'c']);
    expect(await store.inspect.depth('jobs/large')).toMatchObject({ readyCount: 0 });
  });
});

test('after an orderly end the next boot takes the database along', async () => {
  const path = folder.fresh();
  await using first = await createLmdbQueueStore({ path });
  await put(first, ['a']);
  await first[Symbol.asyncDispose]();
  const queues = join(path, 'queues');
  const boot = readdirSync(queues).find(name => name.startsWith('boot-')) as string;
  renameSync(join(queues, boot), join(queues, 'boot-of-before'));
  for (const file of logFiles(path)) rmSync(file);
  await using store = await createLmdbQueueStore({ path });
  expect((await lease(store)).map(textOf)).toEqual(['a']);
});
