import { ManualClock, revision, seededRandom, type Session, type StoreEvent } from '@quorate/core';
import { describe, expect, test } from 'vitest';
import { createMemoryStore, type MemoryStore } from '../src/index.ts';

const absent = { absent: true } as const;
const empty = new Uint8Array();

function open(options: Parameters<typeof createMemoryStore>[0] = {}): {
  store: MemoryStore;
  clock: ManualClock;
} {
  const clock = new ManualClock();
  return { clock, store: createMemoryStore({ clock, random: seededRandom(1), ...options }) };
}

async function cycle(store: MemoryStore, key: string): Promise<number> {
  const put = await store.put(key, empty, absent);
  if (put.outcome !== 'applied') throw new Error('refused');
  const gone = await store.delete(key, { created: put.revision });
  return gone.outcome === 'applied' ? gone.revision : -1;
}

/** Lets every promise go on that can. */
const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve));

describe('partitions', () => {
  test('that are empty are forgotten, those that were emptied first, and no revision goes back', async () => {
    const { store } = open({ idleMax: 10 });
    const first = await cycle(store, 'p0/a');
    for (let count = 1; count <= 1000; count++) await cycle(store, `p${count}/a`);
    expect(store.memory.partitionCount).toBe(10);
    const { revision: now } = await store.list('p0');
    expect(now).toBeGreaterThanOrEqual(first);
    expect(await cycle(store, 'p0/a')).toBeGreaterThan(first);
    // One that was empty before, and one that was not.
    await cycle(store, 'again/a');
    for (const key of ['kept/a', 'again/a']) await store.put(key, empty, absent);
    for (let count = 0; count < 50; count++) await cycle(store, `q${count}/a`);
    for (const key of ['kept/a', 'again/a']) expect((await store.get(key))?.key).toBe(key);
  });

  test('that were forgotten are listed again by whoever watches from before', async () => {
    const { store } = open({ idleMax: 1 });
    await cycle(store, 'p/a');
    const { revision: from } = await store.list('p');
    for (let count = 0; count < 5; count++) await cycle(store, `long/${count}`);
    await cycle(store, 'q/a');
    const { signal } = new AbortController();
    const events = store.watch('p', from, { signal })[Symbol.asyncIterator]();
    expect((await events.next()).value).toEqual({ type: 'resync' });
    const next = events.next();
    const put = await store.put('p/b', empty, absent);
    expect((await next).value).toMatchObject({
      type: 'put',
      revision: put.outcome === 'applied' && put.revision,
    });
  });

  test('are not forgotten while somebody watches or remembers', async () => {
    const { store } = open({ idleMax: 0 });
    const session = await store.session({ ttlMs: 1000 });
    const operation = { session: session.id, sequence: 1 };
    const put = () => store.put('p/a', empty, absent, { operation });
    const first = await put();
    await store.delete('p/a', { created: revision(1) });
    const { signal } = new AbortController();
    const next = store.watch('w', revision(0), { signal })[Symbol.asyncIterator]().next();
    await turn();
    expect(store.memory.partitionCount).toBe(2);
    expect(await put()).toEqual(first);
    await session[Symbol.asyncDispose]();
    expect(store.memory.partitionCount).toBe(1);
    await store.put('w/a', empty, absent);
    expect((await next).value).toMatchObject({ type: 'put', entry: { key: 'w/a' } });
  });

  test('that a session left empty are not forgotten twice, nor what came under their names since', async () => {
    const { store } = open({ idleMax: 1 });
    const session = await store.session({ ttlMs: 1000 });
    await store.put('a/1', empty, absent, { session: session.id });
    const put = await store.put('b/1', empty, absent, { session: session.id });
    if (put.outcome === 'applied') await store.delete('b/1', { created: put.revision });
    // Its end empties "a", which leaves no room for "b".
    await session[Symbol.asyncDispose]();
    await store.put('b/2', empty, absent);
    for (let count = 0; count < 3; count++) await cycle(store, `c${count}/1`);
    expect((await store.get('b/2'))?.key).toBe('b/2');
  });
});

describe('sessions', () => {
  test('end at their time, by the memory’s clock, and their entries with them', async () => {
    const { store, clock } = open();
    const stopped = store.open({ clock: new ManualClock() });
    const session = await stopped.session({ ttlMs: 100 });
    await stopped.put('p/a', empty, absent, { session: session.id });
    const observed: string[] = [];
    void store.observe(session.id).then(() => observed.push('dead'));
    clock.advance(99);
    await turn();
    expect([observed, (await store.get('p/a'))?.session]).toEqual([[], session.id]);
    clock.advance(1);
    await turn();
    expect([observed, await store.get('p/a')]).toEqual([['dead'], undefined]);
  });

  test('cost one timer each, which a renewal does not touch, and none once they are over', async () => {
    const { store, clock } = open();
    const sessions: Session[] = [];
    for (let count = 0; count < 10; count++) sessions.push(await store.session({ ttlMs: 900 }));
    expect(clock.timerCount).toBe(30);
    for (let count = 0; count < 30; count++) {
      clock.advance(300);
      await turn();
    }
    expect(sessions.map(({ lost }) => lost.aborted)).toEqual(Array(10).fill(false));
    expect(clock.timerCount).toBe(30);
    for (const session of sessions) await session[Symbol.asyncDispose]();
    expect(clock.timerCount).toBe(0);
  });

  test('whose end is due are not renewed, though their timer is late', async () => {
    const { store, clock } = open();
    const { sessions } = store.memory;
    const id = sessions.open(100);
    const readings = { monotonicMs: 100 };
    const real = clock.monotonicMs.bind(clock);
    clock.monotonicMs = () => Math.max(readings.monotonicMs, real());
    expect(sessions.renew(id)).toBe(false);
    expect(sessions.isAlive(id)).toBe(false);
  });

  test('of nobody leave no timer when the last client closes, and go on to end when another comes', async () => {
    const { store, clock } = open();
    const { sessions } = store.memory;
    const id = sessions.open(100);
    await store[Symbol.asyncDispose]();
    expect(clock.timerCount).toBe(0);
    clock.advance(1000);
    expect(sessions.isAlive(id)).toBe(true);
    store.open();
    clock.advance(0);
    expect(sessions.isAlive(id)).toBe(false);
  });

  test('that many observe and give up again hold none of them', async () => {
    const { store, clock } = open();
    const session = await store.session({ ttlMs: 1000 });
    for (let count = 0; count < 100; count++) {
      const observing = store.observe(session.id, { deadlineMs: 1 });
      clock.advance(1);
      await expect(observing).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    }
    expect(clock.timerCount).toBe(3);
    expect(store.memory.sessions.observerCount).toBe(0);
  });

  test('are forgotten by partitions that outlive them, and partitions by sessions that outlive those', async () => {
    const { store } = open({ idleMax: 5 });
    await store.put('p/stays', empty, absent);
    for (let count = 0; count < 20; count++) {
      const session = await store.session({ ttlMs: 1000 });
      await store.put('p/a', empty, absent, { session: session.id });
      await session[Symbol.asyncDispose]();
    }
    expect(store.memory.linkCount).toBe(0);
    const session = await store.session({ ttlMs: 1000 });
    for (let count = 0; count < 100; count++) {
      const put = await store.put(`q${count}/a`, empty, absent, { session: session.id });
      if (put.outcome === 'applied') await store.delete(`q${count}/a`, { created: put.revision });
    }
    expect(store.memory.linkCount).toBeLessThanOrEqual(5);
  });
});

describe('watches', () => {
  test('of a consumer that is slow keep nothing for it: it lists again', async () => {
    const { store } = open({ changesMax: 10 });
    const { signal } = new AbortController();
    const events = store.watch('p', revision(0), { signal })[Symbol.asyncIterator]();
    await store.put('p/a', empty, absent);
    expect((await events.next()).value).toMatchObject({ type: 'put' });
    for (let count = 1; count < 100; count++) await store.put('p/a', empty, { modified: revision(count) });
    expect((await events.next()).value).toEqual({ type: 'resync' });
    await store.put('p/a', empty, { modified: revision(100) });
    expect((await events.next()).value).toMatchObject({ revision: 101 });
  });

  test('of a quiet key miss nothing, however much else changes', async () => {
    const { store } = open({ changesMax: 10 });
    const { signal } = new AbortController();
    await store.put('p/quiet', empty, absent);
    const seen: StoreEvent[] = [];
    void (async () => {
      for await (const event of store.watch('p/quiet', revision(1), { signal })) seen.push(event);
    })();
    await turn();
    for (let count = 0; count < 500; count++) await cycle(store, 'p/loud');
    await store.delete('p/quiet', { created: revision(1) });
    await turn();
    expect(seen).toMatchObject([{ type: 'delete', entry: { key: 'p/quiet' } }]);
  });
});

test('a session that is given up in whichever moment of its opening is ended', async () => {
  await using store = createMemoryStore();
  for (let step = 0; step < 30; step++) {
    const controller = new AbortController();
    const opening = store.session({ ttlMs: 60_000, signal: controller.signal }).catch(() => undefined);
    for (let index = 0; index < step; index++) await Promise.resolve();
    controller.abort();
    await (await opening)?.[Symbol.asyncDispose]();
    await turn();
    expect(store.memory.sessions.count, `given up after ${step} steps`).toBe(0);
  }
});
