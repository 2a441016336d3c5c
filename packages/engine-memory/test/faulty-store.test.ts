import { type QuorateError, revision, seededRandom } from '@quorate/core';
import { FaultyStore, type StoreFaults } from '@quorate/conformance';
import { describe, expect, test } from 'vitest';
import { createMemoryStore } from '../src/index.ts';

const absent = { absent: true } as const;
const empty = new Uint8Array();

function open(faults: StoreFaults = {}): FaultyStore {
  return new FaultyStore(createMemoryStore({ random: seededRandom(1) }), faults);
}

describe('a faulty store', () => {
  test('without faults is the store itself', async () => {
    await using store = open();
    const session = await store.session({ ttlMs: 1000 });
    const operation = { session: session.id, sequence: 1 };
    expect(await store.put('p/a', empty, absent)).toMatchObject({ outcome: 'applied' });
    expect(await store.enqueue!('p/q/', empty, { session: session.id })).toMatchObject({
      outcome: 'applied',
    });
    expect(await store.add!('p/n', 2n, { operation })).toMatchObject({ value: 2n });
    expect(await store.batch!(new Map(), [{ type: 'delete', key: 'p/a' }])).toMatchObject({
      outcome: 'applied',
    });
    expect((await store.list('p')).entries.length).toBe(2);
    expect(store.sessions).toEqual([session]);
    await session[Symbol.asyncDispose]();
    await store.observe(session.id);
  });

  test('refuses, and loses answers of changes that took effect, did not, or will', async () => {
    const faults: StoreFaults = { random: seededRandom(3), sent: [] };
    await using store = open(faults);
    faults.refused = 1;
    await expect(store.get('p/a')).rejects.toMatchObject({ code: 'UNAVAILABLE', outcome: 'not-applied' });
    Object.assign(faults, { refused: 0, lost: 1, late: 0.5 });
    for (let index = 0; index < 60; index++) {
      const result = await store.put(`p/${index}`, empty, absent);
      expect(result).toMatchObject({ outcome: 'unknown', cause: { code: 'UNAVAILABLE' } });
      expect((result as { cause: QuorateError }).cause.outcome).toBe('unknown');
    }
    const before = (await store.list('p')).entries.length;
    await store.deliverLate();
    const after = (await store.list('p')).entries.length;
    expect(before).toBeGreaterThan(15);
    expect(after).toBeGreaterThan(before);
    expect(after).toBeLessThan(60);
    expect(faults.sent).toEqual([...Array<string>(60).fill('put'), 'list', 'list']);
  });

  test('tells nothing, or nothing but that something was missed, and sees nobody die', async () => {
    const faults: StoreFaults = { watch: 'resync', blind: true };
    await using store = open(faults);
    const controller = new AbortController();
    const { signal } = controller;
    const resynced = store.watch('p', revision(0), { signal })[Symbol.asyncIterator]().next();
    await store.put('p/a', empty, absent);
    expect((await resynced).value).toEqual({ type: 'resync' });
    faults.watch = 'muted';
    const muted = store.watch('p', revision(0), { signal })[Symbol.asyncIterator]().next();
    const session = await store.session({ ttlMs: 1000 });
    await session[Symbol.asyncDispose]();
    const seen: string[] = [];
    const observing = store.observe(session.id, { signal }).then(
      () => seen.push('dead'),
      () => seen.push('gave up'),
    );
    await store.put('p/b', empty, absent);
    expect(seen).toEqual([]);
    controller.abort();
    expect((await muted).done).toBe(true);
    await observing;
    expect(seen).toEqual(['gave up']);
  });

  test('does without verbs, and says so; and says of itself what it is told to', () => {
    const store = open({ without: ['enqueue', 'batch'], capabilities: { linearizable: false } });
    expect([store.enqueue, store.batch, typeof store.add]).toEqual([undefined, undefined, 'function']);
    expect(store.capabilities.verbs).toEqual({ enqueue: false, add: true, batch: false });
    expect(store.capabilities.linearizable).toBe(false);
  });
});
