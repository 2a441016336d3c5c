import type { StoreFaults } from '@quorate/conformance';
import fc from 'fast-check';
import { errorCode, type QuorateError, seededRandom } from '@quorate/core';
import { describe, expect, test, vi } from 'vitest';
import { Stand, turn } from './stand.ts';

// With QUORATE_LONG there are thousands of runs.
vi.setConfig({ testTimeout: 600_000 });

const runs = process.env['QUORATE_LONG'] === undefined ? 150 : 5000;

/** Adds powers of four, so that the digits of the sum tell how often each was counted. */
async function countsOf(
  stand: Stand,
  seed: number,
  faults: StoreFaults,
  managers: number,
): Promise<string | undefined> {
  const random = seededRandom(seed);
  const all = Array.from({ length: managers }, () => stand.counters({}, { ...faults }));
  const done: Promise<'once' | 'maybe' | 'never'>[] = [];
  for (let digit = 0; digit < 30; digit++) {
    const counter = all[random.below(managers)]!.counter('sum');
    const options = random.below(4) === 0 ? { deadlineMs: random.below(400) + 1 } : {};
    done.push(
      counter.add(4n ** BigInt(digit), options).then(
        () => 'once' as const,
        (thrown: unknown) => {
          const { outcome } = thrown as QuorateError;
          return outcome === 'not-applied' ? ('never' as const) : ('maybe' as const);
        },
      ),
    );
    if (random.below(3) > 0) await turn();
    if (random.below(4) === 0) stand.clock.advance(random.below(60));
    if (random.below(12) === 0) stand.clock.stepWall(random.below(3_000) - 1500);
    if (random.below(6) === 0) for (const store of stand.faulty) await store.deliverLate();
  }
  const known = await stand.until(Promise.all(done));
  await stand.close();
  for (const store of stand.faulty) await store.deliverLate();
  const entry = stand.store.memory.read('counter.count.sum/n', partition =>
    partition.get('counter.count.sum/n'),
  );
  const value = entry === undefined ? 0n : BigInt(new TextDecoder().decode(entry.value));
  for (const [digit, outcome] of known.entries()) {
    const times = Number((value >> BigInt(2 * digit)) & 3n);
    const isRight = outcome === 'once' ? times === 1 : outcome === 'never' ? times === 0 : times <= 1;
    if (!isRight) return `digit ${digit}, which should count ${outcome}, counts ${times} times`;
  }
  return undefined;
}

const chance = fc.double({ min: 0, max: 0.6, noNaN: true });

describe('with calls that are lost before and after', () => {
  test('every addition counts as it was told, with the store’s add', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(),
        chance,
        chance,
        fc.integer({ min: 1, max: 3 }),
        async (seed, refused, lost, managers) => {
          expect(
            await countsOf(new Stand(seed), seed, { refused, lost, late: 0.5 }, managers),
          ).toBeUndefined();
        },
      ),
      { numRuns: runs },
    );
  });

  test('every addition counts as it was told, by reading and swapping', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(),
        chance,
        chance,
        fc.integer({ min: 1, max: 3 }),
        async (seed, refused, lost, managers) => {
          const faults: StoreFaults = { refused, lost, late: 0.5, without: ['add'] };
          expect(await countsOf(new Stand(seed), seed, faults, managers)).toBeUndefined();
        },
      ),
      { numRuns: runs },
    );
  });

  test('an operation that is repeated under a new number counts twice: the test would see it', async () => {
    const seen: (string | undefined)[] = [];
    for (let seed = 1; seed <= 10; seed++) {
      const stand = new Stand(seed);
      const open = stand.store.open.bind(stand.store);
      let sequence = 0;
      stand.store.open = options => {
        const store = open(options);
        const add = store.add!.bind(store);
        return Object.assign(store, {
          add: (key: string, delta: bigint, options: Parameters<typeof add>[2]) =>
            add(key, delta, { ...options, operation: { ...options.operation, sequence: ++sequence } }),
        });
      };
      seen.push(await countsOf(stand, seed, { lost: 0.5 }, 2));
    }
    expect(seen.some(found => found?.includes('counts 2 times'))).toBe(true);
  });
});

describe('a refusal after an answer was lost', () => {
  test('is only told once the first try can do nothing any more', async () => {
    const stand = new Stand();
    const faults: StoreFaults = {};
    const counter = stand.counters({}, faults).counter('full');
    const room = stand.counters().counter('full');
    await room.add(2n ** 63n - 1n);
    // The first try is stuck on its way, the second is refused.
    Object.assign(faults, { lost: 1, late: 1, random: { float: queue([0, 0.9, 0]) } });
    const refused = counter.add(5).catch((thrown: unknown) => thrown);
    await turn();
    faults.lost = 0;
    expect(await stand.until(refused)).toBeInstanceOf(RangeError);
    await room.add(-100);
    await stand.faulty[0]!.deliverLate();
    expect(await room.get()).toBe(2n ** 63n - 101n);
    await stand.close();
  });
});

function queue(values: number[]): () => number {
  return () => values.shift() ?? 1;
}

describe('what is posted', () => {
  test('is counted in one addition, and flushed', async () => {
    const stand = new Stand();
    const sent: string[] = [];
    const counter = stand.counters({}, { sent }).counter('posts');
    for (let index = 0; index < 1000; index++) counter.post(1);
    counter.post(2n ** 60n);
    await counter.flush();
    expect(await counter.get()).toBe(2n ** 60n + 1000n);
    expect(sent.filter(call => call === 'add')).toHaveLength(1);
    await counter.flush();
    await stand.close();
  });

  test('and lost is told at the next flush, once, whoever asks', async () => {
    const stand = new Stand();
    const counters = stand.counters();
    const counter = counters.counter('posts');
    await counter.add(1);
    counter.post(5);
    counter.post(6);
    stand.store.memory.sessions.end(stand.faulty[0]!.sessions[0]!.id);
    await turn();
    await expect(counters.counter('posts').flush()).rejects.toThrow(
      '0 in all does not count, and of 11 nobody can tell',
    );
    await counter.flush();
    await counter.add(2n ** 63n - 10n);
    counter.post(100);
    await expect(counter.flush()).rejects.toMatchObject({ code: 'POSTS_FAILED', outcome: 'not-applied' });
    await stand.close();
  });

  test('is one addition, however it is written', async () => {
    const stand = new Stand();
    const counter = stand.counters({ pendingMax: 3 }).counter('posts');
    for (const delta of [1n, 2, 3n, -4n, 5n, 6, 2n ** 60n, 7n, 8]) counter.post(delta);
    await counter.flush();
    expect(await counter.get()).toBe(2n ** 60n + 28n);
    await stand.close();
  });

  test('is bounded while the store is away', async () => {
    const stand = new Stand();
    const faults: StoreFaults = { refused: 1 };
    const counter = stand.counters({ pendingMax: 3 }, faults).counter('posts');
    const waiting = [counter.add(1), counter.add(2), counter.add(3)];
    await expect(counter.add(4)).rejects.toMatchObject({ code: 'COUNTER_BUSY', outcome: 'not-applied' });
    expect(() => counter.post(4)).toThrow('3 additions that wait');
    faults.refused = 0;
    await stand.until(Promise.all(waiting));
    expect(await counter.get()).toBe(6n);
    await stand.close();
  });
});

describe('closing', () => {
  test('sends what waits, and takes nothing new', async () => {
    const stand = new Stand();
    const counters = stand.counters();
    const counter = counters.counter('x');
    const added = counter.add(3);
    counter.post(4);
    await counters[Symbol.asyncDispose]();
    expect(await added).toEqual({ value: 3n });
    await expect(counter.add(1)).rejects.toMatchObject({ code: 'CLOSED', outcome: 'not-applied' });
    expect(() => counter.post(1)).toThrow('closed');
    expect(await stand.counters().counter('x').get()).toBe(7n);
    await stand.close();
  });

  test('waits for no answer that does not come, though the session lives', async () => {
    for (const without of [[], ['add']] as const) {
      const stand = new Stand();
      const faults: StoreFaults = { without };
      const counters = stand.counters({}, faults);
      await counters.counter('x').add(1);
      faults.before = call => (call === 'session' ? undefined : new Promise(() => {}));
      const added = counters.counter('x').add(3).catch(errorCode);
      await turn();
      await stand.until(counters[Symbol.asyncDispose]() as Promise<void>, 10_000);
      expect(await added).toBe('ADD_UNKNOWN');
      await stand.close();
    }
  });

  test('fails what the store does not take', async () => {
    const stand = new Stand();
    const faults: StoreFaults = { refused: 1 };
    const counters = stand.counters({}, faults);
    const added = counters.counter('x').add(3).catch(errorCode);
    await turn();
    await stand.until(counters[Symbol.asyncDispose]() as Promise<void>);
    expect(await added).toBe('CLOSED');
    await stand.close();
  });
});
