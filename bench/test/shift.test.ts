import { seededRandom } from '@quorate/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Pair, shiftOf } from '../src/statistics/shift.ts';
import { normal } from './simulated-decisions.ts';

const values = fc.double({ min: -100, max: 100, noNaN: true });
const series = fc.array(fc.record({ base: values, head: values }), { minLength: 1, maxLength: 12 });

/** So many pairs whose heads lie this much above their bases, a hundredth of it of noise. */
function pairsOf(count: number, shift: number): Pair[] {
  const random = seededRandom('shift');
  const noise = (): number => (shift / 100) * normal(random);
  return Array.from({ length: count }, () => ({ base: noise(), head: shift + noise() }));
}

describe('shiftOf', () => {
  it('is the middle one of all differences of a head to a base, of its pair or another', () => {
    const pairs = [
      { base: 0, head: 4 },
      { base: 1, head: 10 },
      { base: 3, head: 5 },
    ];
    // 4, 3, 1, 10, 9, 7, 5, 4, 2.
    expect(shiftOf(pairs)).toBe(4);
  });

  it('hangs on neither the order of the pairs nor who is whose partner', () => {
    fc.assert(
      fc.property(series, pairs => {
        const heads = pairs.map(({ head }) => head);
        const turned = pairs.map(({ base }, index) => ({ base, head: heads.at(index - 1) as number }));
        expect(shiftOf(turned)).toBe(shiftOf(pairs));
        expect(shiftOf(pairs.toReversed())).toBe(shiftOf(pairs));
      }),
    );
  });

  it('is of the pairs that were drawn, some more than once', () => {
    const list = [
      { base: 1, head: 9 },
      { base: 2, head: 3 },
      { base: 5, head: 4 },
      { base: 8, head: 2 },
    ] as const;
    expect(shiftOf(list, [0, 2, 2])).toBe(shiftOf([list[0], list[2], list[2]]));
    expect(shiftOf(list, Float64Array.of(0, 1, 2, 3))).toBe(shiftOf(list));
    expect(shiftOf(list, [3])).toBe(-6);
  });

  it('scales with the unit, and is none between a build and itself', () => {
    fc.assert(
      fc.property(series, fc.integer({ min: 1, max: 50 }), (pairs, unit) => {
        const scaled = pairs.map(({ base, head }) => ({ base: base * unit, head: head * unit }));
        expect(shiftOf(scaled)).toBeCloseTo(shiftOf(pairs) * unit, 8);
        expect(shiftOf(pairs.map(({ base }) => ({ base, head: base })))).toBeCloseTo(0, 10);
      }),
    );
  });

  it.each(['base', 'head'] as const)('bears 29 %% of the processes of %s being thrown anywhere', arm => {
    const pairs = pairsOf(100, 1);
    const thrown = (count: number): number =>
      shiftOf(pairs.map((pair, index) => (index < count ? { ...pair, [arm]: pair[arm] + 1000 } : pair)));
    expect(Math.abs(thrown(29) - 1)).toBeLessThan(0.03);
    // Half of all differences are lost only when half of the processes are.
    expect(Math.abs(thrown(51) - 1)).toBeGreaterThan(900);
  });

  it('bears 29 % of the processes of both being thrown, in different pairs and in different directions', () => {
    const thrown = pairsOf(100, 1).map(({ base, head }, index) => ({
      base: index < 29 ? base - 1000 : base,
      head: index >= 71 ? head + 1000 : head,
    }));
    expect(Math.abs(shiftOf(thrown) - 1)).toBeLessThan(0.1);
  });
});
