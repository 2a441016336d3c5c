import { type Random, seededRandom } from '@quorate/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { holm } from '../src/statistics/holm.ts';

const pValues = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 40 });

describe('holm', () => {
  it('multiplies the least p-value with the number of tests, the next with one less, and so on', () => {
    // By hand: 0.01 x 4, 0.013 x 3 raised to what the first has, 0.03 x 2, 0.5 x 1.
    expect(holm([0.03, 0.01, 0.5, 0.013])).toEqual([0.06, 0.04, 0.5, 0.04]);
    expect(holm([0.5, 0.5, 0.9])).toEqual([1, 1, 1]);
    expect(holm([0.004])).toEqual([0.004]);
    expect(holm([])).toEqual([]);
  });

  it('rejects what the procedure of 1979 rejects step by step', () => {
    fc.assert(
      fc.property(pValues, fc.double({ min: 0.001, max: 0.5, noNaN: true }), (list, alpha) => {
        const adjusted = holm(list);
        expect(adjusted.map(p => p <= alpha)).toEqual(rejectedStepByStep(list, alpha));
      }),
    );
  });

  it('keeps the order of the p-values, and puts none below itself or above 1', () => {
    fc.assert(
      fc.property(pValues, list => {
        const adjusted = holm(list);
        expect(adjusted).toHaveLength(list.length);
        for (const [index, p] of list.entries()) {
          expect(adjusted[index]).toBeGreaterThanOrEqual(p);
          expect(adjusted[index]).toBeLessThanOrEqual(1);
          for (const [other, q] of list.entries()) {
            if (p < q) expect(adjusted[index]).toBeLessThanOrEqual(adjusted[other] as number);
          }
        }
      }),
    );
  });

  it('gives each test the same wherever it stands, and never less in a larger family', () => {
    fc.assert(
      fc.property(pValues, fc.double({ min: 0, max: 1, noNaN: true }), (list, another) => {
        expect(holm(list.toReversed()).toReversed()).toEqual(holm(list));
        const larger = holm([...list, another]);
        for (const [index, p] of holm(list).entries()) expect(larger[index]).toBeGreaterThanOrEqual(p);
      }),
    );
  });

  it('rejects anything in a family without effects about as often as the level says', () => {
    const random = seededRandom('families');
    expect(falseFamilies(random, 4000, 20, p => p)).toBeGreaterThan(0.04);
    expect(falseFamilies(random, 4000, 20, p => p)).toBeLessThan(0.06);
    // Uncorrected, it would be 1 - 0.95^20.
    const uncorrected = Array.from({ length: 1000 }, () => uniform(random, 20).some(p => p <= 0.05));
    expect(uncorrected.filter(Boolean).length).toBeGreaterThan(550);
  });

  it('keeps that level among tests of which most are rejected rightly', () => {
    // With 15 of 20 surely rejected, the five others are tested as if they were alone.
    const share = falseFamilies(seededRandom('mixed'), 4000, 20, (p, index) => (index < 15 ? 0 : p));
    expect(share).toBeGreaterThan(0.04);
    expect(share).toBeLessThan(0.06);
  });
});

function rejectedStepByStep(list: readonly number[], alpha: number): boolean[] {
  const rejected = list.map(() => false);
  const order = list.map((_, index) => index).sort((a, b) => (list[a] as number) - (list[b] as number));
  for (const [rank, index] of order.entries()) {
    if ((list[index] as number) * (list.length - rank) > alpha) break;
    rejected[index] = true;
  }
  return rejected;
}

function uniform(random: Random, count: number): number[] {
  return Array.from({ length: count }, () => random.float());
}

/** The share of families in which a test without an effect is rejected at 5 %; `change` makes those with one. */
function falseFamilies(
  random: Random,
  families: number,
  size: number,
  change: (p: number, index: number) => number,
): number {
  let wrong = 0;
  for (let family = 0; family < families; family++) {
    const list = uniform(random, size).map(change);
    if (holm(list).some((adjusted, index) => adjusted <= 0.05 && list[index] !== 0)) wrong += 1;
  }
  return wrong / families;
}
