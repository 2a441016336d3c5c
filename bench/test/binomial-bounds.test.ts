import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { binomialBounds } from '../src/statistics/binomial-bounds.ts';

const trialsAndCount = fc
  .integer({ min: 1, max: 300 })
  .chain(trials => fc.tuple(fc.constant(trials), fc.integer({ min: 0, max: trials })));

describe('binomialBounds', () => {
  it.each([1, 8, 26, 300, 6000, 100_000])(
    'has a closed form where none of %d was seen, and where all were',
    n => {
      const none = binomialBounds(0, n);
      expect(none.lo).toBe(0);
      expect(none.hi).toBeCloseTo(1 - 0.05 ** (1 / n), 12);
      const all = binomialBounds(n, n);
      expect(all.hi).toBe(1);
      expect(all.lo).toBeCloseTo(0.05 ** (1 / n), 12);
    },
  );

  it.each([
    // Tables of Clopper and Pearson's limits, as in textbooks: 95 % to both sides, four digits.
    [1, 10, 0.95, 0.0025, 0.445],
    [2, 10, 0.95, 0.0252, 0.5561],
    [5, 10, 0.95, 0.1871, 0.8129],
    [10, 20, 0.95, 0.272, 0.728],
    [1, 20, 0.95, 0.0013, 0.2487],
    [5, 100, 0.95, 0.0164, 0.1128],
    [50, 100, 0.95, 0.3983, 0.6017],
    [8, 10, 0.9, 0.4931, 0.9632],
  ])('of %d in %d at %d are from %d to %d', (count, trials, confidence, lo, hi) => {
    const bounds = binomialBounds(count, trials, confidence);
    expect(bounds.lo).toBeCloseTo(lo, 3);
    expect(bounds.hi).toBeCloseTo(hi, 3);
  });

  it('are where each tail of the distribution has half of what is left', () => {
    fc.assert(
      fc.property(trialsAndCount, ([trials, count]) => {
        const { lo, hi } = binomialBounds(count, trials, 0.9);
        expect(lo).toBeLessThanOrEqual(count / trials);
        expect(hi).toBeGreaterThanOrEqual(count / trials);
        if (count > 0) expect(1 - atMost(count - 1, trials, lo)).toBeCloseTo(0.05, 6);
        if (count < trials) expect(atMost(count, trials, hi)).toBeCloseTo(0.05, 6);
      }),
      { numRuns: 60 },
    );
  });

  it('see failures as they see successes', () => {
    fc.assert(
      fc.property(trialsAndCount, ([trials, count]) => {
        const { lo, hi } = binomialBounds(count, trials);
        const other = binomialBounds(trials - count, trials);
        expect(other.lo).toBeCloseTo(1 - hi, 9);
        expect(other.hi).toBeCloseTo(1 - lo, 9);
      }),
    );
  });

  it('refuse no trials, and more events than trials', () => {
    expect(() => binomialBounds(0, 0)).toThrow('received 0 of 0');
    expect(() => binomialBounds(3, 2)).toThrow('received 3 of 2');
    expect(() => binomialBounds(-1, 2)).toThrow(RangeError);
    expect(() => binomialBounds(Number.NaN, 2)).toThrow(RangeError);
  });
});

/** The same probability in another way: the distribution built up trial by trial. */
function atMost(count: number, trials: number, share: number): number {
  let chances = [1];
  for (let trial = 0; trial < trials; trial++) {
    const next = Array.from({ length: chances.length + 1 }, () => 0);
    for (const [events, chance] of chances.entries()) {
      next[events] = (next[events] as number) + chance * (1 - share);
      next[events + 1] = (next[events + 1] as number) + chance * share;
    }
    chances = next;
  }
  return chances.slice(0, count + 1).reduce((sum, chance) => sum + chance, 0);
}
