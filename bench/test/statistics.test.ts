import { seededRandom } from '@quorate/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { typicalCycleMs } from '../src/measure/typical-cycle.ts';
import { bootstrap } from '../src/statistics/bootstrap.ts';
import { hodgesLehmann } from '../src/statistics/hodges-lehmann.ts';
import { pairedRatio } from '../src/statistics/paired-ratio.ts';
import { median, quantile } from '../src/statistics/quantile.ts';

// No negative zero, which Math.min and a sort order differently.
const finite = fc.double({ min: -1e6, max: 1e6, noNaN: true }).map(value => value + 0);
const samples = fc.array(finite, { minLength: 1, maxLength: 30 });
const times = fc.double({ min: 1e-3, max: 1e6, noNaN: true });

describe('quantile', () => {
  it('interpolates as type 7 of Hyndman and Fan', () => {
    expect(quantile([1, 2, 3, 4], 0.25)).toBe(1.75);
    expect(quantile([4, 1, 3, 2], 0.5)).toBe(2.5);
    expect(quantile([10, 20, 30, 40, 50], 0.9)).toBe(46);
    expect(quantile([7], 0.99)).toBe(7);
  });

  it('has the least and the greatest value at its ends, and never falls', () => {
    fc.assert(
      fc.property(
        samples,
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (sample, p, q) => {
          expect(quantile(sample, 0)).toBe(Math.min(...sample));
          expect(quantile(sample, 1)).toBe(Math.max(...sample));
          expect(quantile(sample, Math.min(p, q))).toBeLessThanOrEqual(quantile(sample, Math.max(p, q)));
        },
      ),
    );
  });

  it('refuses an empty sample, NaN, and a share outside of 0 to 1', () => {
    expect(() => quantile([], 0.5)).toThrow('received none');
    expect(() => quantile([1, Number.NaN], 0.5)).toThrow('received NaN');
    expect(() => quantile([1], 1.1)).toThrow('received 1.1');
  });
});

describe('typicalCycleMs', () => {
  it('adds up the lower quartile of each call over the cycles', () => {
    // Calls of 1 and 10 ms in five cycles, of which each lost its core in one call or another.
    const cycles = [1, 10, 1, 60, 51, 10, 1, 10, 1, 90];
    expect(typicalCycleMs(cycles, 2)).toBe(11);
    expect(typicalCycleMs([3], 1)).toBe(3);
  });

  it('refuses half a cycle', () => {
    expect(() => typicalCycleMs([1, 2, 3], 2)).toThrow('received 3');
  });
});

describe('hodgesLehmann', () => {
  it('is the median of the means of all pairs', () => {
    // Means of the pairs of 1, 2, 9 with themselves: 1, 1.5, 5, 2, 5.5, 9.
    expect(hodgesLehmann([1, 2, 9])).toBe(3.5);
    expect(hodgesLehmann([5])).toBe(5);
  });

  it('hardly moves when a quarter of the sample is thrown far away', () => {
    const sample = [10, 10.1, 9.9, 10.2, 9.8, 10, 1000, 1000];
    expect(hodgesLehmann(sample)).toBeLessThan(11);
  });

  it('lies within the sample and moves with it', () => {
    fc.assert(
      fc.property(samples, finite, (sample, shift) => {
        const centre = hodgesLehmann(sample);
        expect(centre).toBeGreaterThanOrEqual(Math.min(...sample));
        expect(centre).toBeLessThanOrEqual(Math.max(...sample));
        const shifted = hodgesLehmann(sample.map(value => value + shift));
        expect(shifted).toBeCloseTo(centre + shift, 3);
      }),
    );
  });
});

describe('bootstrap', () => {
  it('gives an interval that holds the estimate, the same for the same seed', () => {
    fc.assert(
      fc.property(samples, fc.integer(), (sample, seed) => {
        const options = { resamples: 50 };
        const estimate = bootstrap(sample, median, seededRandom(seed), options);
        expect(estimate.lo).toBeLessThanOrEqual(estimate.value);
        expect(estimate.hi).toBeGreaterThanOrEqual(estimate.value);
        expect(bootstrap(sample, median, seededRandom(seed), options)).toEqual(estimate);
      }),
    );
  });

  it('has no width where all values are one', () => {
    expect(bootstrap([3, 3, 3], hodgesLehmann, seededRandom(1))).toEqual({ value: 3, lo: 3, hi: 3 });
  });

  it('covers the truth about as often as its documentation says', () => {
    const coverage = (count: number): number => {
      const random = seededRandom(`coverage ${count}`);
      let covered = 0;
      for (let trial = 0; trial < 200; trial++) {
        const sample = Array.from({ length: count }, () => normal(random.float(), random.float()));
        const { lo, hi } = bootstrap(sample, hodgesLehmann, random, { resamples: 100 });
        if (lo <= 0 && hi >= 0) covered += 1;
      }
      return covered / 200;
    };
    const few = coverage(5);
    expect(few).toBeGreaterThan(0.75);
    expect(few).toBeLessThan(0.92);
    const more = coverage(12);
    expect(more).toBeGreaterThan(Math.max(few, 0.85));
    expect(more).toBeLessThan(0.98);
  });
});

describe('pairedRatio', () => {
  it('finds the factor between two samples whatever the noise that a pair shares', () => {
    fc.assert(
      fc.property(
        fc.array(times, { minLength: 1, maxLength: 12 }),
        fc.double({ min: 0.01, max: 100, noNaN: true }),
        (to, factor) => {
          const of = to.map(time => time * factor);
          const ratio = pairedRatio(of, to, seededRandom(1));
          expect(ratio.value / factor).toBeCloseTo(1, 9);
          expect(ratio.hi / ratio.lo).toBeCloseTo(1, 9);
        },
      ),
      { numRuns: 20 },
    );
  });

  it('turns over when the samples change places', () => {
    const [of, to] = [
      [1, 2.2, 3.1, 3.9],
      [2, 4, 6, 8],
    ] as const;
    const there = pairedRatio(of, to, seededRandom(1));
    const back = pairedRatio(to, of, seededRandom(1));
    expect(there.value * back.value).toBeCloseTo(1, 12);
    expect(there.lo * back.hi).toBeCloseTo(1, 12);
  });

  it('refuses samples that are not pairs, and times that are none', () => {
    expect(() => pairedRatio([1], [], seededRandom(1))).toThrow('received 1 and 0');
    expect(() => pairedRatio([0], [1], seededRandom(1))).toThrow('received 0 and 1');
  });
});

/** Box and Muller. */
function normal(u: number, v: number): number {
  return Math.sqrt(-2 * Math.log(1 - u)) * Math.cos(2 * Math.PI * v);
}
