import { describe, expect, it } from 'vitest';
import { runChunk } from '../src/measure/chunk.ts';
import { canaryLookup } from '../src/kernels/canary-lookup.ts';
import { slowedKernel, type UnitWork, unitOrder } from '../src/kernels/slowed-work.ts';
import { allocation } from '../src/kernels/validation-allocation.ts';
import { arithmetic } from '../src/kernels/validation-arithmetic.ts';
import { calls } from '../src/kernels/validation-calls.ts';
import { maps } from '../src/kernels/validation-maps.ts';
import { strings } from '../src/kernels/validation-strings.ts';
import validation from '../suites/validation.ts';

const natures = { canary: { lookup: canaryLookup }, arithmetic, allocation, maps, strings, calls };
const works = Object.entries(natures).flatMap(([nature, variants]) =>
  Object.entries(variants).map(([variant, work]): [string, UnitWork] => [`${nature}, ${variant}`, work]),
);

/** The same work, of which every unit that is done is noted. */
function noting(work: UnitWork): { work: UnitWork; units: number[] } {
  const units: number[] = [];
  const setUp = (count: number): ((unit: number) => number) => {
    const perform = work.setUp(count);
    return unit => {
      units.push(unit);
      return perform(unit);
    };
  };
  return { work: { ...work, setUp }, units };
}

describe.each(works)('%s', (_, work) => {
  const passes = work.passes ?? 1;

  it.each([0, 5, 10, 100])('does exactly so many percent more units as is said: %i', percent => {
    const { work: noted, units } = noting(work);
    const kernel = slowedKernel(noted, percent);
    runChunk(kernel, 1);
    const nominal = passes * work.units;
    expect(kernel.ops).toBe(work.units * work.opsPerUnit);
    expect(units).toHaveLength(nominal + (nominal * percent) / 100);
    expect(new Set(units).size).toBe(units.length);
    expect(Math.max(...units)).toBeLessThan(2 * nominal);
  });

  it('has one checksum, whatever the slowdown, in every cycle and every kernel', () => {
    const checksums = [0, 5, 10, 100, 0].map(percent => runChunk(slowedKernel(work, percent), 3).checksum);
    expect(new Set(checksums).size).toBe(1);
  });

  it('has another checksum where a unit is left out, or its result another', () => {
    const expected = runChunk(slowedKernel(work, 0), 1).checksum;
    const changed = (skipped: number): number => {
      const setUp = (count: number): ((unit: number) => number) => {
        const perform = work.setUp(count);
        return unit => (unit === skipped ? (perform(unit) + 1) | 0 : perform(unit));
      };
      return runChunk(slowedKernel({ ...work, setUp }, 0), 1).checksum;
    };
    expect(changed(0)).not.toBe(expected);
    expect(changed(work.units - 1)).not.toBe(expected);
  });

  it('gives results that depend on the unit', () => {
    const perform = work.setUp(2 * passes * work.units);
    const results = Array.from({ length: work.units }, (_unused, unit) => perform(unit));
    expect(results.every(result => (result | 0) === result)).toBe(true);
    expect(new Set(results).size).toBeGreaterThan(work.units / 20);
  });
});

describe('unitOrder', () => {
  it('spreads what is more: no stretch has a whole unit more or less than its share', () => {
    for (const [units, percent] of [
      [100, 5],
      [200, 10],
      [1000, 1],
      [100, 100],
      [40, 2.5],
    ] as const) {
      const { order, length } = unitOrder(units, percent);
      let extras = 0;
      for (let at = 0; at < length; at++) {
        if ((order[at] as number) >= units) extras += 1;
        expect(Math.abs(extras - ((at + 1) * (length - units)) / length)).toBeLessThan(1);
      }
    }
  });

  it('refuses a slowdown that is no whole number of units, or out of range', () => {
    for (const percent of [0.5, -5, 101, Number.NaN]) {
      expect(() => unitOrder(100, percent)).toThrow(`whole number of 100 units: received ${percent}`);
    }
  });
});

describe('validation', () => {
  it('has twenty benches, four of each nature', () => {
    expect(validation.benches).toHaveLength(20);
    const contenders = validation.benches.map(bench => Object.keys(bench.contenders).join());
    for (const contender of new Set(contenders)) {
      expect(contenders.filter(name => name === contender)).toHaveLength(4);
      expect(contender.startsWith('@quorate/bench ')).toBe(true);
    }
  });
});
