import type { StoreFaults } from '@quorate/conformance';
import { errorCode } from '@quorate/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Stand, turn } from './stand.ts';

let stand: Stand;
beforeEach(() => {
  stand = new Stand();
});
afterEach(async () => {
  await stand.close();
  expect(stand.clock.timerCount).toBe(0);
});

describe('a counter that ends', () => {
  test('ends when its time is over, counted from its first addition, and begins anew', async () => {
    const counter = stand.counters({ ttlMs: 60_000 }).counter('hits', { expiresMs: 500 });
    expect(await counter.add(3)).toEqual({ value: 3n });
    await stand.pass(300);
    expect(await counter.add(2)).toEqual({ value: 5n });
    await stand.pass(150);
    expect(await counter.get()).toBe(5n);
    await stand.pass(60);
    expect(await counter.get()).toBe(0n);
    expect(await stand.until(counter.add(1))).toEqual({ value: 1n });
    await stand.pass(600);
    expect(await counter.get()).toBe(0n);
  });

  test('is the same for all, and ends with who made it; nobody else brings it back to life', async () => {
    const mine = stand.counters().counter('hits', { expiresMs: 500 });
    const yours = stand.counters().counter('hits', { expiresMs: 5000 });
    await mine.add(1);
    expect(await yours.add(1)).toEqual({ value: 2n });
    await stand.pass(600);
    expect(await yours.get()).toBe(0n);
    expect(await stand.until(yours.add(1))).toEqual({ value: 1n });
    await stand.pass(1000);
    expect(await mine.get()).toBe(1n);
  });

  test('keeps its end where a plain counter of the name adds to it', async () => {
    const counters = stand.counters();
    await counters.counter('hits', { expiresMs: 500 }).add(1);
    expect(await counters.counter('hits').add(4)).toEqual({ value: 5n });
    await stand.pass(600);
    expect(await counters.counter('hits').get()).toBe(0n);
  });

  test('and its plain twin of one process do not get in each other’s way', async () => {
    const counters = stand.counters();
    const [ending, plain] = [counters.counter('hits', { expiresMs: 5000 }), counters.counter('hits')];
    await ending.add(0);
    await Promise.all(Array.from({ length: 100 }, (_, index) => (index % 2 ? ending : plain).add(1)));
    expect(await plain.get()).toBe(100n);
  });

  test('and its plain twin count exactly whatever is lost', async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const own = new Stand(seed);
      const counters = own.counters({ ttlMs: 60_000 }, { lost: 0.3, late: 0.5 });
      const both = [counters.counter('hits', { expiresMs: 600_000 }), counters.counter('hits')];
      await own.until(
        Promise.all(
          Array.from({ length: 40 }, async (_, index) => {
            if (index % 3 === 0) await turn();
            await both[index % 2]!.add(1);
          }),
        ),
      );
      expect(await own.until(both[1]!.get())).toBe(40n);
      await own.close();
    }
  });

  test('ends by itself where its maker dies', async () => {
    const faults: StoreFaults = {};
    const counter = stand.counters({}, faults).counter('hits', { expiresMs: 500 });
    await counter.add(1);
    // As if the process were gone: its session is renewed no more.
    const session = stand.faulty[0]!.sessions.at(-1)!;
    (session as unknown as { lose(why: string): void }).lose('gone');
    await stand.pass(400);
    expect(await counter.get()).toBe(1n);
    await stand.pass(200);
    expect(await counter.get()).toBe(0n);
  });

  test('takes no outcome of other counters with it', async () => {
    const faults: StoreFaults = {};
    const counters = stand.counters({ ttlMs: 60_000 }, faults);
    const [ending, other] = [counters.counter('hits', { expiresMs: 500 }), counters.counter('other')];
    await ending.add(1);
    await other.add(1);
    let answer = (): void => {};
    faults.before = call => (call === 'add' ? new Promise(resolve => void (answer = resolve)) : undefined);
    const waiting = other.add(1);
    await stand.pass(600);
    // The number is gone, and the session of additions is not.
    expect(await stand.until(ending.add(1))).toEqual({ value: 1n });
    answer();
    expect(await waiting).toEqual({ value: 2n });
  });

  test('and its plain twin: who waited while the session was lost goes on with another', async () => {
    const faults: StoreFaults = {};
    const counters = stand.counters({}, faults);
    const [ending, plain] = [counters.counter('hits', { expiresMs: 60_000 }), counters.counter('hits')];
    await ending.add(1);
    faults.before = call => (call === 'add' ? new Promise(() => {}) : undefined);
    const stuck = plain.add(1).catch(errorCode);
    await turn();
    const waiting = ending.add(2);
    await turn();
    (stand.faulty[0]!.sessions[0] as unknown as { lose(why: string): void }).lose('cut off');
    expect(await stuck).toBe('ADD_UNKNOWN');
    expect(await stand.until(waiting, 10_000)).toEqual({ value: 3n });
    faults.before = () => undefined;
  });

  test('counts exactly whatever is lost', async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const own = new Stand(seed);
      const faults: StoreFaults = { lost: 0.3, refused: 0.2, late: 0.5 };
      const managers = [1, 2].map(() =>
        own.counters({ ttlMs: 60_000 }, { ...faults }).counter('hits', { expiresMs: 600_000 }),
      );
      await own.until(Promise.all(Array.from({ length: 40 }, (_, index) => managers[index % 2]!.add(1))));
      const entry = await own.store.get('counter.count.hits/n');
      expect(new TextDecoder().decode(entry?.value)).toBe('40');
      await own.close();
    }
  });
});

describe('a sharded counter', () => {
  test('sums up what all processes added, each in a shard of its own', async () => {
    const shards = Array.from({ length: 8 }, () => stand.counters().counter('hits', { shards: 4 }));
    await Promise.all(shards.map((shard, index) => shard.add(index)));
    for (const shard of shards) shard.post(1);
    await Promise.all(shards.map(shard => shard.flush()));
    expect(await shards[0]!.get()).toBe(36n);
    const used = await Promise.all(
      [0, 1, 2, 3].map(index => stand.store.get(`counter.shard-${index}.hits/n`)),
    );
    expect(used.filter(entry => entry !== undefined).length).toBeGreaterThan(1);
  });

  test('is added to in one shard by a process, whichever handle it has', async () => {
    const counters = stand.counters();
    for (let index = 0; index < 20; index++) await counters.counter('hits', { shards: 8 }).add(1);
    const shards = Array.from({ length: 8 }, (_, index) => stand.store.get(`counter.shard-${index}.hits/n`));
    expect((await Promise.all(shards)).filter(entry => entry !== undefined)).toHaveLength(1);
  });

  test('may have a sum beyond 64 bits', async () => {
    const most = 2n ** 63n - 1n;
    for (const index of [0, 1]) {
      await stand.store.put(`counter.shard-${index}.big/n`, new TextEncoder().encode(`${most}`), {
        absent: true,
      });
    }
    expect(await stand.counters().counter('big', { shards: 2 }).get()).toBe(2n * most);
  });
});
