import type { StoreFaults } from '@quorate/conformance';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { IdLayout, type IdGenerator, idOfText, idText } from '../src/index.ts';
import { failure, Stand, turn } from './stand.ts';

let stand: Stand;
beforeEach(() => {
  stand = new Stand();
});
afterEach(async () => {
  await stand.close();
  expect(stand.clock.timerCount).toBe(0);
});

const ids = (options = {}, faults: StoreFaults = {}): Promise<IdGenerator> =>
  stand.counters({}, faults).ids('orders', options);

/** The end of a process: what it had under way is lost, and its session is renewed no more. */
function kill(index: number): void {
  const { faults, sessions } = stand.faulty[index]!;
  faults.refused = 1;
  for (const session of sessions) (session as unknown as { lose(why: string): void }).lose('killed');
}

describe('an id', () => {
  test('is its time, worker and sequence, and sorts as its text does', () => {
    const layout = new IdLayout();
    const parts = fc.record({
      timeMs: fc.integer({ min: layout.epochMs, max: layout.lastMs }),
      worker: fc.integer({ min: 0, max: 1023 }),
      sequence: fc.integer({ min: 0, max: 4095 }),
    });
    fc.assert(
      fc.property(parts, parts, (one, other) => {
        const [a, b] = [layout.join(one), layout.join(other)];
        expect(layout.split(a)).toEqual(one);
        expect(idOfText(idText(a))).toBe(a);
        expect(idText(a)).toHaveLength(13);
        expect(idText(a) < idText(b)).toBe(a < b);
      }),
    );
    expect(idText(2n ** 63n - 1n)).toBe('7ZZZZZZZZZZZZ');
    expect(idText(0n)).toBe('0000000000000');
  });

  test('of another layout, or none, is refused', () => {
    expect(() => new IdLayout({ workerBits: 12, sequenceBits: 12 })).toThrow('from 4 to 10: received 12');
    expect(() => new IdLayout({ workerBits: 0 })).toThrow(RangeError);
    expect(() => new IdLayout({ epochMs: -1 })).toThrow(RangeError);
    expect(() => idText(-1n)).toThrow('Id must be from 0 to 2^63 - 1: received -1');
    expect(() => idOfText('ABC')).toThrow('13 digits');
    expect(() => idOfText('I000000000000')).toThrow('13 digits');
    expect(() => idOfText('G000000000000')).toThrow('from 0 to 2^63 - 1');
    expect(() => new IdLayout().join({ timeMs: 0, worker: 0, sequence: 0 })).toThrow('Time in ms');
  });
});

describe('a generator', () => {
  test('makes ids that grow, with the clock’s time and a worker of its own', async () => {
    const [one, other] = [await ids(), await ids()];
    expect([one.worker, other.worker]).toEqual([0, 1]);
    const made: bigint[] = [];
    for (let index = 0; index < 3000; index++) {
      made.push(one.nextSync());
      if (index % 100 === 0) await turn();
      if (index % 100 === 0) stand.clock.advance(1);
    }
    expect(made.every((id, index) => index === 0 || id > made[index - 1]!)).toBe(true);
    expect(one.split(made[0]!)).toEqual({ timeMs: 1_790_000_000_000, worker: 0, sequence: 0 });
    expect(one.split(made[2999]!).timeMs).toBe(1_790_000_000_030);
    expect(other.split(other.nextSync()).worker).toBe(1);
  });

  test('makes the same id as text and as number', async () => {
    const generator = await ids();
    const text = generator.nextTextSync();
    expect(idOfText(text) + 1n).toBe(generator.nextSync());
  });

  test('runs ahead of the clock by a bounded time, then has none until the clock has come up', async () => {
    const generator = await ids({ sequenceBits: 4, workerBits: 10, leadMaxMs: 2 });
    for (let index = 0; index < 3 * 16; index++) generator.nextSync();
    expect(() => generator.nextSync()).toThrow('2 ms ahead of the clock');
    const next = generator.next();
    await stand.pass(1, 1);
    expect(generator.split(await next)).toEqual({ timeMs: 1_790_000_000_003, worker: 0, sequence: 0 });
  });

  test('goes on where the clock is set back a little, and waits or refuses where it is much', async () => {
    const generator = await ids();
    const before = generator.nextSync();
    stand.clock.stepWall(-5);
    await turn();
    expect(generator.nextSync()).toBe(before + 1n);
    stand.clock.stepWall(-500);
    await turn();
    expect(() => generator.nextSync()).toThrow('the clock is 505 ms behind');
    const waiting = generator.next();
    const short = failure(generator.next({ deadlineMs: 10 }));
    await stand.pass(600, 1);
    expect(await short).toMatchObject({
      code: 'DEADLINE_EXCEEDED',
    });
    expect(await waiting).toBeGreaterThan(before);
    stand.clock.stepWall(-3_600_000);
    await turn();
    await expect(generator.next()).rejects.toMatchObject({ code: 'CLOCK_WENT_BACK', outcome: 'not-applied' });
  });

  test('is had by the deadline or not, whatever the store is slow at, and leaves nothing behind', async () => {
    let delayMs = 80;
    const before = (): Promise<void> => new Promise(resolve => void stand.clock.setTimer(delayMs, resolve));
    const told = failure(ids({ deadlineMs: 100 }, { before }));
    let isSettled = false;
    void told.then(() => (isSettled = true));
    await stand.pass(110, 10);
    expect(isSettled).toBe(true);
    expect(await told).toMatchObject({ code: 'DEADLINE_EXCEEDED', outcome: 'not-applied' });
    delayMs = 0;
    await stand.pass(2000);
    expect((await stand.store.list('counter.ids.orders/lease/')).entries).toEqual([]);
  });

  test('is given back where it comes after its manager was closed', async () => {
    const counters = stand.counters();
    const told = failure(counters.ids('orders'));
    await stand.until(counters[Symbol.asyncDispose]() as Promise<void>, 10_000);
    expect(await told).toMatchObject({ code: 'CLOSED', outcome: 'not-applied' });
    expect((await stand.store.list('counter.ids.orders/lease/')).entries).toEqual([]);
  });

  test('is given back, also where the store answers no more', async () => {
    const faults: StoreFaults = {};
    const generator = await ids({}, faults);
    faults.before = () => new Promise(() => {});
    await stand.until(generator[Symbol.asyncDispose]() as Promise<void>, 10_000);
    expect(() => generator.nextSync()).toThrow('is lost');
  });

  test('reserves on as time passes, in few writes', async () => {
    const sent: string[] = [];
    const generator = await ids({ horizonMs: 10_000 }, { sent });
    sent.length = 0;
    for (let index = 0; index < 600; index++) {
      await stand.pass(100);
      generator.nextSync();
    }
    expect(sent.filter(call => call === 'put').length).toBeLessThan(20);
    expect(sent.filter(call => call === 'put').length).toBeGreaterThan(5);
  });

  test('has no ids beyond what is reserved, and some again once it is', async () => {
    const generator = await ids({ horizonMs: 200, ttlMs: 60_000, leadMaxMs: 5 });
    generator.nextSync();
    stand.clock.advance(5000);
    await turn();
    expect(() => generator.nextSync()).toThrow('time is reserved up to');
    await turn();
    expect(generator.split(generator.nextSync()).timeMs).toBe(1_790_000_005_000);
  });
});

describe('a lease that is lost', () => {
  test('stops by the clocks, though no timer has run', async () => {
    const generator = await ids();
    generator.nextSync();
    await turn();
    stand.clock.stepWall(3_600_000);
    expect(() => generator.nextSync()).toThrow('is lost');
    expect(generator.lost.aborted).toBe(true);
    await expect(generator.next()).rejects.toMatchObject({ code: 'WORKER_LOST' });
  });

  test('does not let the next holder make the same ids, though the former never noticed', async () => {
    const former = await ids({ ttlMs: 1000 });
    const made = new Set<bigint>();
    for (let index = 0; index < 5000; index++) made.add(former.nextSync());
    // Its session ends at the store alone.
    for (const session of stand.faulty[0]!.sessions) stand.store.memory.sessions.end(session.id);
    stand.clock.advance(20_000);
    await turn();
    const next = await stand.until(ids({ workerBits: 1 }));
    expect(next.worker).toBe(former.worker);
    for (let index = 0; index < 4000; index++) made.add(await stand.until(next.next()));
    expect(made.size).toBe(9000);
  });

  test('and reserved anew by somebody else is noticed by the former at its next reservation', async () => {
    const former = await ids({ horizonMs: 1000, ttlMs: 60_000, leadMaxMs: 1 });
    former.nextSync();
    const key = 'counter.ids.orders/floor/0';
    const { modified } = (await stand.store.get(key))!;
    await stand.store.put(key, new TextEncoder().encode('1790000009999'), { modified });
    await stand.pass(900);
    expect(former.lost.aborted).toBe(true);
    expect(() => former.nextSync()).toThrow('is lost');
  });
});

describe('a restart', () => {
  test('after a clean end begins with the next millisecond', async () => {
    const former = await ids();
    const last = former.nextSync();
    await former[Symbol.asyncDispose]();
    expect(() => former.nextSync()).toThrow('is lost');
    stand.clock.advance(1);
    const next = await ids();
    expect(next.worker).toBe(0);
    expect(next.nextSync()).toBeGreaterThan(last);
  });

  test('after a crash takes another number, while the former’s time has yet to pass', async () => {
    const former = await ids({ horizonMs: 5000 });
    const last = former.nextSync();
    kill(0);
    await stand.pass(1200);
    const next = await ids({ horizonMs: 5000 });
    expect(next.worker).toBe(1);
    expect(next.nextSync()).toBeGreaterThan(last);
    await stand.pass(6000);
    expect((await ids({ horizonMs: 5000 })).worker).toBe(0);
  });

  test('after a crash, with no other number free, begins above what may have been used', async () => {
    const layout = { workerBits: 1, sequenceBits: 4, horizonMs: 3000 };
    const [former] = [await ids(layout), await ids(layout)];
    const made = new Set<bigint>();
    for (let index = 0; index < 100; index++) made.add(former!.nextSync());
    kill(0);
    await stand.pass(1100);
    const next = await ids(layout);
    expect(next.worker).toBe(0);
    expect(() => next.nextSync()).toThrow('ahead of the clock');
    const last = [...made].at(-1)!;
    const id = await stand.until(next.next());
    expect(id).toBeGreaterThan(last);
    expect(next.split(id).timeMs).toBeGreaterThan(1_790_000_003_000);
  });

  test('with the clock set back is refused', async () => {
    const former = await ids();
    former.nextSync();
    await former[Symbol.asyncDispose]();
    stand.clock.stepWall(-3_600_000);
    await expect(ids()).rejects.toMatchObject({ code: 'CLOCK_WENT_BACK', outcome: 'not-applied' });
    stand.clock.stepWall(3_600_001);
    expect((await ids()).worker).toBe(0);
  });

  test('where all numbers are leased is refused, and leaves nothing behind', async () => {
    const generators = [await ids({ workerBits: 1 }), await ids({ workerBits: 1 })];
    expect(generators.map(({ worker }) => worker)).toEqual([0, 1]);
    await expect(ids({ workerBits: 1 })).rejects.toMatchObject({ code: 'NO_WORKER', retryable: true });
    await generators[0]![Symbol.asyncDispose]();
    expect((await ids({ workerBits: 1 })).worker).toBe(0);
  });

  test('of many at once gives each a number of its own', async () => {
    const all = await stand.until(Promise.all(Array.from({ length: 20 }, () => ids())));
    expect(new Set(all.map(({ worker }) => worker)).size).toBe(20);
    expect(new Set(all.map(generator => generator.nextSync())).size).toBe(20);
  });
});

describe('whatever is lost', () => {
  test('an idle generator has an id at once', async () => {
    const generator = await ids({ horizonMs: 1000 });
    for (let hour = 0; hour < 3; hour++) {
      await stand.pass(20_000, 100);
      expect(generator.split(generator.nextSync()).timeMs).toBe(Math.floor(stand.clock.wallMs()));
    }
  });

  test('no id is made twice', async () => {
    for (let seed = 1; seed <= 30; seed++) {
      const own = new Stand(seed);
      const made: bigint[] = [];
      let lost = 0;
      const managers = Array.from({ length: 3 }, () =>
        own.counters({}, { lost: 0.3, refused: 0.2, late: 0.5 }),
      );
      const generators: (IdGenerator | undefined)[] = [];
      for (let step = 0; step < 120; step++) {
        const index = own.random.below(3);
        try {
          generators[index] ??= await own.until(
            managers[index]!.ids('n', { workerBits: 1, horizonMs: 400, leadMaxMs: 20 }),
          );
          for (let count = own.random.below(50); count > 0; count--) made.push(generators[index].nextSync());
        } catch {
          lost++;
          if (generators[index]?.lost.aborted === true) generators[index] = undefined;
        }
        if (own.random.below(10) === 0) {
          await own.until(
            (generators[index]?.[Symbol.asyncDispose]() as Promise<void> | undefined) ?? Promise.resolve(),
          );
          generators[index] = undefined;
        }
        if (own.random.below(10) === 0) for (const store of own.faulty) await store.deliverLate();
        if (own.random.below(20) === 0) own.clock.stepWall(own.random.below(2000) - 1000);
        await own.pass(own.random.below(200));
      }
      expect(new Set(made).size).toBe(made.length);
      expect(made.length).toBeGreaterThan(100);
      expect(lost).toBeGreaterThan(0);
      await own.close();
    }
  });

  test('taking a lease settles by the deadline', async () => {
    const taking = ids({ deadlineMs: 100 }, { lost: 1 });
    const told = failure(taking);
    await stand.pass(300);
    expect(await told).toMatchObject({ code: 'DEADLINE_EXCEEDED', outcome: 'not-applied' });
  });
});
