import fc from 'fast-check';
import { seededRandom } from '@quorate/core';
import { describe, expect, test, vi } from 'vitest';
import { createPnCounter, type PnCounter, type PnCounterOptions } from '../src/index.ts';

// With QUORATE_LONG there are thousands of runs.
vi.setConfig({ testTimeout: 600_000 });

let made = 0;
const replica = (name: string, options: PnCounterOptions = {}): PnCounter =>
  createPnCounter(name, { random: seededRandom(++made), ...options });

const copy = (of: PnCounter | Uint8Array, name = 'copy'): PnCounter => {
  const counter = replica(name);
  counter.merge(of instanceof Uint8Array ? of : of.state());
  return counter;
};

/** What a replica says of a state that it only looks at. */
const seen = (...states: Uint8Array[]): readonly [bigint, string] => {
  const counter = replica('observer');
  for (const state of states) counter.merge(state);
  const digest = [...counter.digest()].filter(([actor]) => actor !== counter.actor);
  return [counter.value, JSON.stringify(digest.sort(([one], [other]) => (one < other ? -1 : 1)))];
};

/** Replicas that count and tell each other at random; what is told may be old. */
function history(
  seed: number,
  steps: number,
  prunes: boolean,
): { replicas: PnCounter[]; states: Uint8Array[]; sum: bigint } {
  const random = seededRandom(seed);
  const replicas = Array.from({ length: 4 }, (_, index) => replica(`r${index}`));
  const states: Uint8Array[] = [];
  let sum = 0n;
  const departed = replicas[3]!;
  for (let step = 0; step < steps; step++) {
    const counts = prunes && step > steps / 2 ? 3 : 4;
    const one = replicas[random.below(counts)]!;
    const by = random.below(5);
    const action = random.below(6);
    if (action === 0) {
      one.decrement(by);
      sum -= BigInt(by);
    } else if (action < 3) {
      one.increment(by);
      sum += BigInt(by);
    } else if (action === 3) {
      const delta = one.takeDelta();
      if (delta !== undefined) states.push(delta);
    } else if (states.length > 0) one.merge(states[random.below(states.length)]!);
    if (prunes && step > steps / 2 && random.below(8) === 0) {
      one.prune(
        departed.actor,
        replicas.slice(0, 3).map(({ actor }) => actor),
      );
    }
    states.push(one.state());
  }
  return { replicas, states, sum };
}

describe('a PN-counter', () => {
  test('counts both ways, on its own', () => {
    const counter = replica('a');
    counter.increment();
    counter.increment(5n);
    counter.decrement(10);
    expect(counter.value).toBe(-4n);
    expect(counter.actor).toMatch(/^a\.[0-9a-f]{24}$/);
  });

  test('refuses steps that are none', () => {
    const counter = replica('a');
    for (const step of [-1, 1.5, Number.NaN, -1n, 2n ** 63n])
      expect(() => counter.increment(step)).toThrow(RangeError);
    counter.increment(2n ** 63n - 1n);
    expect(() => counter.increment()).toThrow('Count of an actor must be at most');
    expect(() => replica('')).toThrow('Actor must be 1 to 200 bytes');
  });

  test('never counts under the id of an earlier start', () => {
    const first = replica('a');
    first.increment(3);
    const second = replica('a', { state: first.state() });
    expect(second.actor).not.toBe(first.actor);
    second.increment(2);
    expect(second.value).toBe(5n);
    first.increment(4);
    second.merge(first.state());
    expect(second.value).toBe(9n);
  });

  test('tells what a peer lacks, and nothing that it has', () => {
    const [one, other] = [replica('a'), replica('b')];
    one.increment(3);
    other.merge(one.deltaFor(other.digest())!);
    expect(other.value).toBe(3n);
    expect(one.deltaFor(other.digest())).toBeUndefined();
    other.decrement(1);
    one.merge(other.takeDelta()!);
    expect(one.value).toBe(2n);
    expect(one.merge(other.state())).toBe(false);
  });
});

describe('merging', () => {
  for (const prunes of [false, true]) {
    const how = prunes ? 'with pruning' : 'without pruning';
    test(`is commutative, associative and idempotent, ${how}`, () => {
      fc.assert(
        fc.property(fc.nat(), fc.nat(), fc.nat(), fc.nat(), (seed, a, b, c) => {
          const { states } = history(seed, 40, prunes);
          const [x, y, z] = [a, b, c].map(at => states[at % states.length]!) as [
            Uint8Array,
            Uint8Array,
            Uint8Array,
          ];
          const all = seen(x, y, z)[0];
          expect(seen(z, x, y)[0]).toBe(all);
          expect(seen(y, x, z, y, x)[0]).toBe(all);
          const right = copy(y).state();
          expect(seen(x, copyOf(right, z))[0]).toBe(all);
          expect(seen(x, x)).toEqual(seen(x));
        }),
        { numRuns: 200 },
      );
    });

    test(`brings all replicas to the same value, which is what was counted, ${how}`, () => {
      fc.assert(
        fc.property(fc.nat(), seed => {
          const { replicas, sum } = history(seed, 60, prunes);
          for (let round = 0; round < 3; round++) {
            for (const one of replicas) for (const other of replicas) other.merge(one.state());
          }
          for (const one of replicas) expect(one.value).toBe(sum);
        }),
        { numRuns: 200 },
      );
    });
  }

  function copyOf(...states: Uint8Array[]): Uint8Array {
    const counter = replica('join');
    for (const state of states) counter.merge(state);
    return counter.state();
  }
});

describe('pruning', () => {
  const everybody = (...replicas: PnCounter[]): string[] => replicas.map(({ actor }) => actor);
  const exchange = (...replicas: PnCounter[]): void => {
    for (const one of replicas) for (const other of replicas) other.merge(one.state());
  };

  test('keeps the value, and forgets the actor once everybody has heard', () => {
    const [a, b, gone] = [replica('a'), replica('b'), replica('gone')];
    for (const [index, counter] of [a, b, gone].entries()) counter.increment(10 ** index);
    exchange(a, b, gone);
    expect(a.prune(gone.actor, everybody(a, b))).toEqual({ outcome: 'pruned' });
    expect([a.value, a.actors.includes(gone.actor)]).toEqual([111n, false]);
    expect(a.collect(everybody(a, b))).toBe(0);
    b.merge(a.state());
    expect([b.value, b.actors.includes(gone.actor)]).toEqual([111n, false]);
    const old = gone.state();
    b.merge(old);
    expect(b.value).toBe(111n);
    exchange(a, b);
    expect(a.collect(everybody(a, b))).toBe(1);
    exchange(a, b);
    expect([a.value, b.value]).toEqual([111n, 111n]);
    // A message that was long under way does not bring it back.
    a.merge(old);
    b.merge(old);
    expect([a.value, b.value]).toEqual([111n, 111n]);
    expect(new TextDecoder().decode(b.state())).not.toContain(gone.actor);
  });

  test('by two at once counts nothing twice', () => {
    const [a, b, gone] = [replica('a'), replica('b'), replica('gone')];
    gone.increment(7);
    exchange(a, b, gone);
    const late = copy(gone, 'c');
    a.prune(gone.actor, everybody(a, b));
    b.prune(gone.actor, everybody(a, b));
    exchange(a, b, late);
    expect([a.value, b.value, late.value]).toEqual([7n, 7n, 7n]);
    expect(a.actors).not.toContain(gone.actor);
    // One leaves it to the other, which forgets it once all know.
    for (let round = 0; round < 3; round++) {
      for (const each of [a, b]) each.collect(everybody(a, b, late));
      exchange(a, b, late);
    }
    expect([a.value, b.value, late.value]).toEqual([7n, 7n, 7n]);
    for (const each of [a, b, late]) expect(new TextDecoder().decode(each.state())).not.toContain(gone.actor);
  });

  test('loses nothing that only one replica had heard of', () => {
    const [a, b, gone] = [replica('a'), replica('b'), replica('gone')];
    gone.increment(5);
    exchange(a, gone);
    gone.increment(2);
    b.merge(gone.state());
    a.prune(gone.actor, everybody(a, b));
    exchange(a, b);
    expect([a.value, b.value]).toEqual([7n, 7n]);
    expect(a.collect(everybody(a, b))).toBe(0);
    expect(a.prune(gone.actor, everybody(a, b))).toEqual({ outcome: 'pruned' });
    exchange(a, b);
    exchange(a, b);
    expect(a.collect(everybody(a, b))).toBe(1);
    exchange(a, b);
    expect([a.value, b.value]).toEqual([7n, 7n]);
  });

  test('by two at once of one that had itself pruned at once with another loses nothing', () => {
    for (const names of ['a b c', 'c b a', 'b a c', 'b c a', 'a c b', 'c a b']) {
      for (const isLate of [false, true]) {
        for (const prunesTwice of [false, true]) {
          const [a, b, c] = names.split(' ').map(name => replica(name)) as [PnCounter, PnCounter, PnCounter];
          const gone = replica('gone');
          for (const [index, counter] of [gone, a, b, c].entries()) counter.increment(10 ** index);
          exchange(a, b, c, gone);
          a.prune(gone.actor, everybody(a, b, c));
          b.prune(gone.actor, everybody(a, b, c));
          for (let round = 0; round < 2; round++) exchange(a, b, c);
          if (isLate) {
            a.increment(5);
            c.merge(a.state());
          }
          const sum = isLate ? 1116n : 1111n;
          expect(b.prune(a.actor, everybody(b, c))).toEqual({ outcome: 'pruned' });
          if (prunesTwice) expect(c.prune(a.actor, everybody(b, c))).toEqual({ outcome: 'pruned' });
          for (let round = 0; round < 3; round++) exchange(b, c);
          expect([b.value, c.value]).toEqual([sum, sum]);
          for (let round = 0; round < 4; round++) {
            for (const each of [b, c]) each.prune(a.actor, everybody(b, c));
            for (const each of [b, c]) each.collect(everybody(b, c));
            exchange(b, c);
          }
          expect([b.value, c.value]).toEqual([sum, sum]);
        }
      }
    }
  });

  test('of more actors than a state may have keeps states that can be read', () => {
    const [a, b] = [replica('a', { actorsMax: 4 }), replica('b', { actorsMax: 4 })];
    let sum = 0n;
    let refused = 0;
    for (let index = 0; index < 12; index++) {
      const gone = replica(`gone${index}`);
      gone.increment(index);
      sum += BigInt(index);
      for (const pruner of [a, b]) {
        pruner.merge(gone.state());
        try {
          pruner.prune(gone.actor, everybody(a, b));
        } catch (thrown) {
          expect(thrown).toMatchObject({ code: 'PN_STATE_REFUSED' });
          refused++;
          for (let round = 0; round < 3; round++) {
            exchange(a, b);
            for (const each of [a, b]) each.collect(everybody(a, b));
          }
          pruner.prune(gone.actor, everybody(a, b));
        }
      }
    }
    exchange(a, b);
    exchange(a, b);
    expect([a.value, b.value]).toEqual([sum, sum]);
    expect(replica('c', { actorsMax: 4, state: a.state() }).value).toBe(sum);
    expect(refused).toBeGreaterThan(0);
  });

  test('of one who lives after all makes it go on under another id', () => {
    const [a, b] = [replica('a'), replica('b')];
    b.increment(5);
    a.merge(b.state());
    b.increment(1);
    const before = b.actor;
    a.prune(b.actor, everybody(a, b));
    b.merge(a.state());
    expect(b.actor).not.toBe(before);
    b.increment(3);
    exchange(a, b);
    expect([a.value, b.value]).toEqual([9n, 9n]);
  });

  test('of a survivor waits until what it had taken over is known to all', () => {
    const [a, b, c, gone] = [replica('a'), replica('b'), replica('c'), replica('gone')];
    gone.increment(4);
    exchange(a, b, c, gone);
    a.prune(gone.actor, everybody(a, b, c));
    b.merge(a.state());
    expect(b.prune(a.actor, everybody(b, c))).toEqual({ outcome: 'waits', for: [c.actor] });
    exchange(a, b, c);
    exchange(b, c);
    expect(b.prune(a.actor, everybody(b, c))).toEqual({ outcome: 'pruned' });
    exchange(b, c);
    expect([b.value, c.value]).toEqual([4n, 4n]);
    expect(b.prune(a.actor, everybody(b, c))).toEqual({ outcome: 'nothing' });
    expect(() => b.prune(b.actor, [])).toThrow('must be another');
  });
});

/**
 * Replicas come and go, tell each other, prune and collect, in any order. One prunes at a time, the one that is longest there; or all
 * do, and who has pruned stays.
 */
function comingAndGoing(
  seed: number,
  steps: number,
  prunes: 'one' | 'all',
): { live: PnCounter[]; sum: bigint; pruned: number; collected: number } {
  const random = seededRandom(seed);
  let live = [replica('r0'), replica('r1'), replica('r2')];
  let leader = live[0]!;
  const survivors = new Set<string>();
  const departed: string[] = [];
  let sum = 0n;
  let pruned = 0;
  let collected = 0;
  const any = (): PnCounter => live[random.below(live.length)]!;
  const actors = (): string[] => live.map(({ actor }) => actor);
  for (let step = 0; step < steps; step++) {
    const one = any();
    const by = random.below(5);
    switch (random.below(7)) {
      case 0:
        one.increment(by);
        sum += BigInt(by);
        break;
      case 1:
        one.decrement(by);
        sum -= BigInt(by);
        break;
      case 2:
        if (live.length < 3 || (prunes === 'all' && survivors.has(one.actor))) break;
        live = live.filter(each => each !== one);
        any().merge(one.state());
        // Whoever prunes next has heard from everybody.
        if (live[0] !== leader) for (const each of live) live[0]!.merge(each.state());
        leader = live[0]!;
        departed.push(one.actor);
        break;
      case 3:
        if (live.length < 5) live.push(replica(`n${step}`, { state: one.state() }));
        break;
      case 4: {
        const actor = departed[random.below(departed.length || 1)];
        const pruner = prunes === 'one' ? leader : one;
        if (actor === undefined || pruner.prune(actor, actors()).outcome !== 'pruned') break;
        survivors.add(pruner.actor);
        pruned++;
        break;
      }
      case 5:
        collected += one.collect(actors());
        break;
      default: {
        const other = any();
        const delta = one.deltaFor(other.digest());
        if (delta !== undefined) other.merge(delta);
      }
    }
  }
  return { live, sum, pruned, collected };
}

describe('replicas that come and go', () => {
  test.each(['one', 'all'] as const)(
    'lose nothing, count nothing twice, and forget who has gone: %s prunes',
    prunes => {
      let [pruned, collected] = [0, 0];
      fc.assert(
        fc.property(fc.nat(), seed => {
          const { live, sum, ...counts } = comingAndGoing(seed, 150, prunes);
          for (let round = 0; round < 4; round++) {
            for (const one of live) for (const other of live) other.merge(one.state());
          }
          for (const one of live) expect(one.value).toBe(sum);
          pruned += counts.pruned;
          collected += counts.collected;
        }),
        { numRuns: process.env['QUORATE_LONG'] === undefined ? 300 : 5000 },
      );
      expect(pruned).toBeGreaterThan(100);
      expect(collected).toBeGreaterThan(20);
    },
  );
});

describe('a state', () => {
  const state = (): Uint8Array => {
    const [a, b, gone] = [replica('ä'), replica('b'), replica('gone')];
    a.increment(2n ** 62n);
    b.decrement(300);
    gone.increment(1);
    a.merge(gone.state());
    a.merge(b.state());
    a.prune(gone.actor, [a.actor]);
    return a.state();
  };

  test('has a format version, and is read again as it was', () => {
    const bytes = state();
    expect(bytes[0]).toBe(1);
    expect(copy(bytes).value).toBe(2n ** 62n - 299n);
    const plain = history(1, 40, false).states.at(-1)!;
    expect(replica('x', { state: plain }).state()).toEqual(plain);
  });

  test('that is cut short, longer, or of another format is refused, and nothing of it is taken in', () => {
    const bytes = state();
    const counter = replica('x');
    for (let length = 0; length < bytes.length; length++) {
      expect(() => counter.merge(bytes.subarray(0, length))).toThrow('State of a counter is refused');
    }
    expect(() => counter.merge(Uint8Array.of(...bytes, 0))).toThrow('there is more behind it');
    expect(() => counter.merge(Uint8Array.of(2, 0))).toThrow('its format is 2, not 1');
    expect(() => counter.merge('x' as unknown as Uint8Array)).toThrow(TypeError);
    expect([counter.value, counter.actors]).toEqual([0n, []]);
  });

  test('of noise never does anything but be refused or taken in', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(), fc.nat(), (noise, at, byte) => {
        const bytes = state();
        bytes[at % bytes.length] = byte & 255;
        for (const each of [bytes, Uint8Array.of(1, ...noise)]) {
          const counter = replica('x');
          try {
            counter.merge(each);
            counter.merge(counter.state());
          } catch (thrown) {
            expect(thrown).toMatchObject({ code: 'PN_STATE_REFUSED' });
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  test('with too many actors is refused', () => {
    const counter = replica('x', { actorsMax: 3 });
    for (const name of ['a', 'b']) {
      const other = replica(name);
      other.increment();
      counter.merge(other.state());
    }
    const other = replica('c');
    other.increment();
    expect(() => counter.merge(other.state())).toThrow('it makes 4 actors, more than 3');
    counter.increment();
    expect(counter.value).toBe(3n);
  });
});
