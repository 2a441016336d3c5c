import { type Random, seededRandom } from '@quorate/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exchangeP } from '../src/statistics/exchange-test.ts';
import type { Pair } from '../src/statistics/shift.ts';
import { normal } from './simulated-decisions.ts';

/** How far the processes of pairs are apart: whole numbers, so that there are ties. */
const sizes = fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 1, maxLength: 6 });
const exchanged = ({ base, head }: Pair): Pair => ({ base: head, head: base });
const p = (pairs: readonly Pair[]): number => exchangeP(pairs, seededRandom(1));

/** So many pairs of processes whose values differ by chance, and heads by this much more. */
function drawn(count: number, shift: number, seed: string): Pair[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => ({ base: normal(random), head: shift + normal(random) }));
}

describe('exchangeP', () => {
  it('is exact: of all exchanges of any pairs, no larger a share is found as unlikely than it is', () => {
    fc.assert(
      fc.property(sizes, list => {
        const ps = exchangesOf(list).map(p);
        for (const level of ps) {
          const asUnlikely = ps.filter(other => other <= level + 1e-12).length;
          expect(asUnlikely / ps.length).toBeLessThanOrEqual(level + 1e-12);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('has its least value where every head is above its base, and is 1 where each is below', () => {
    for (const count of [1, 4, 10, 16]) {
      const apart = Array.from({ length: count }, (_, index) => ({
        base: index,
        head: index + 5 + index / 100,
      }));
      expect(p(apart)).toBe(2 ** -count);
      expect(p(apart.map(exchanged))).toBe(1);
    }
  });

  it('learns nothing from pairs of equal processes', () => {
    const equal = Array.from({ length: 8 }, () => ({ base: 1, head: 1 }));
    expect(p(equal)).toBe(1);
    const pairs = drawn(8, 1, 'some');
    expect(p([...equal, ...pairs])).toBe(p(pairs));
  });

  it('hangs on neither the unit, nor the order of the pairs, nor what strikes both of a pair', () => {
    fc.assert(
      fc.property(
        sizes,
        fc.integer({ min: 0, max: 63 }),
        fc.integer({ min: 1, max: 50 }),
        (list, at, unit) => {
          const pairs = exchangesOf(list)[at % 2 ** list.length] as Pair[];
          const scaled = pairs.map(({ base, head }) => ({ base: base * unit, head: head * unit }));
          expect(p(scaled)).toBeCloseTo(p(pairs), 12);
          expect(p(pairs.toReversed())).toBeCloseTo(p(pairs), 12);
          const struck = pairs.map(({ base, head }, index) => ({
            base: base + 8 * index,
            head: head + 8 * index,
          }));
          expect(p(struck)).toBeCloseTo(p(pairs), 12);
        },
      ),
    );
  });

  it('says of one direction as much as of the other', () => {
    fc.assert(
      fc.property(sizes, list => {
        // What is exactly as far counts on both sides.
        for (const pairs of exchangesOf(list)) {
          expect(p(pairs) + p(pairs.map(exchanged))).toBeGreaterThanOrEqual(1 - 1e-12);
        }
      }),
      { numRuns: 20 },
    );
  });

  it('is drawn for more than sixteen pairs, to a few per thousand', () => {
    for (const shift of [0, 0.3, 0.6]) {
      const sixteen = drawn(16, shift, `many ${shift}`);
      // One more that is hardly apart adds nothing, but has all drawn.
      const seventeen = [...sixteen, { base: 0, head: 1e-12 }];
      expect(Math.abs(p(seventeen) - p(sixteen))).toBeLessThan(0.02);
    }
    const apart = Array.from({ length: 32 }, (_, index) => ({ base: index, head: index + 5 }));
    expect(p(apart)).toBe(1 / 200_001);
  });

  it('rejects equally fast builds no more often than the level says, whatever the noise', () => {
    const noises: Record<string, (random: Random) => number> = {
      normal,
      'two levels': random => normal(random) / 10 + random.below(2),
      'neighbours now and then': random =>
        normal(random) / 10 + (random.below(6) === 0 ? 20 * random.float() : 0),
    };
    for (const [label, noise] of Object.entries(noises)) {
      const ps = Array.from({ length: 1000 }, (_, trial) => {
        const random = seededRandom(`${label} ${trial}`);
        return p(Array.from({ length: 8 }, () => ({ base: noise(random), head: noise(random) })));
      });
      const below = (level: number): number => ps.filter(value => value <= level).length / ps.length;
      // Three standard deviations above.
      expect(below(0.01)).toBeLessThan(0.01 + 0.0095);
      expect(below(0.1)).toBeLessThan(0.1 + 0.0285);
      expect(below(0.1)).toBeGreaterThan(0.05);
    }
  });

  it('finds a shift of three standard deviations in sixteen pairs, though neighbours spoil four of them', () => {
    const ps = Array.from({ length: 30 }, (_, trial) => {
      const pairs = drawn(16, 3, `shifted ${trial}`);
      return p(
        pairs.map(({ base, head }, index) => ({
          base: base + (index < 2 ? 60 : 0),
          head: head + (index === 2 || index === 3 ? 60 : 0),
        })),
      );
    });
    expect(Math.max(...ps)).toBeLessThan(0.002);
  });
});

/** Pairs whose processes are so far apart, with each of them one way or the other. */
function exchangesOf(list: readonly number[]): Pair[][] {
  return Array.from({ length: 2 ** list.length }, (_, bits) =>
    list.map((size, index) => ({ base: 0, head: (bits >> index) & 1 ? size : -size })),
  );
}
