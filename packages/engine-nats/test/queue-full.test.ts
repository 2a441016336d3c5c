import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MessageId, QueueStore } from '@quorate/core';
import { skipReason } from '@quorate/servers';
import { describe, expect, onTestFinished, test } from 'vitest';
import { QueueStand } from './queue-subject.ts';

const reason = skipReason('nats');
const queue = 'p/q';
const size = 50_000;
const mebibyte = 2 ** 20;

/** Puts one, under its number or no id of its own. Says what became of it. */
async function put(store: QueueStore, number: number): Promise<string> {
  const body = new Uint8Array(size).fill(number);
  const id = number % 2 === 0 ? { id: `${number}` as MessageId } : {};
  const [result] = await store
    .put([{ queue, message: { ...id, body } }])
    .catch((thrown: { code: string; outcome: string }) => [{ outcome: `${thrown.code} ${thrown.outcome}` }]);
  return (result as { outcome: string }).outcome;
}

/** Puts until that is not done. Says how many were, and what became of the first that was not. */
async function fill(store: QueueStore): Promise<readonly [count: number, outcome: string]> {
  for (let count = 0; ; count++) {
    const outcome = await put(store, count);
    if (outcome !== 'applied') return [count, outcome];
  }
}

/** Leases and settles all that there is. Says what it was by the first byte of its body. */
async function drain(store: QueueStore): Promise<readonly number[]> {
  const numbers: number[] = [];
  for (;;) {
    const leases = await store.lease(queue, { messagesMax: 10, leaseMs: 60_000, owner: 'o' });
    if (leases.length === 0) return numbers;
    for (const { body } of leases) {
      expect(new Set(body)).toEqual(new Set([body[0]]));
      numbers.push(body[0] as number);
    }
    const action = { type: 'acknowledge' } as const;
    const results = await store.settle(leases.map(lease => ({ lease, action })));
    expect(results.every(({ outcome }) => outcome === 'applied')).toBe(true);
  }
}

/** Where a server keeps its data, and how much it may, as its configuration. */
const configOf = (folder: string, max: string): string =>
  `jetstream { store_dir: ${JSON.stringify(join(folder, 'jetstream'))}, max_file_store: ${max} }`;

const first = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

describe.skipIf(reason !== undefined)('a server that has no room (needs nats-server)', () => {
  test('of its own refuses, keeps, and goes on when something else made room', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'quorate-full-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    await using stand = await QueueStand.start({ config: configOf(folder, '5MB') });
    const connection = await stand.connect();
    const ask = async (name: string, query: object): Promise<void> => {
      const answer = await connection.request(`$JS.API.STREAM.${name}`, JSON.stringify(query));
      expect(answer.json()).not.toHaveProperty('error');
    };
    await ask('CREATE.BALLAST', { name: 'BALLAST', subjects: ['ballast'], storage: 'file' });
    for (let count = 0; count < 10; count++) await connection.request('ballast', new Uint8Array(100_000));
    await using store = await stand.open();
    const [count, outcome] = await fill(store);
    expect(outcome).toBe('STORE_FULL not-applied');
    expect(count).toBeGreaterThan(20);
    expect(await put(store, count)).toBe('STORE_FULL not-applied');
    await ask('DELETE.BALLAST', {});
    expect(await put(store, count)).toBe('applied');
    expect(await drain(store)).toEqual(first(count + 1));
    await connection.close();
  });

  test('on its disk loses nothing that it has answered for, and goes on when it is started with room', async context => {
    const folder = mkdtempSync(join(tmpdir(), 'quorate-full-'));
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', folder], { stdio: 'pipe' });
    } catch {
      rmSync(folder, { recursive: true });
      context.skip('this user may not mount a small file system');
      return;
    }
    try {
      const ballast = join(folder, 'ballast');
      writeFileSync(ballast, new Uint8Array(2 * mebibyte));
      await using stand = await QueueStand.start({ config: configOf(folder, '1GB') });
      await using store = await stand.open({ requestTimeoutMs: 1000 });
      const [count, outcome] = await fill(store);
      expect(count).toBeGreaterThan(20);
      // Some servers answer nothing any more once they could not write.
      expect(outcome).not.toBe('applied');
      rmSync(ballast);
      await stand.server.kill();
      await stand.server.restart();
      await using other = await stand.open();
      const found = await drain(other);
      expect(found.slice(0, count)).toEqual(first(count));
      // What it did not answer for it may have kept all the same.
      expect(first(count + 1)).toEqual(expect.arrayContaining([...found]));
      expect(await put(other, 0)).toBe('applied');
      expect(await drain(other)).toEqual([0]);
    } finally {
      execFileSync('umount', ['-l', folder]);
      rmSync(folder, { recursive: true });
    }
  });
});
