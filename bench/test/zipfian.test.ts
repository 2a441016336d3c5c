import { seededRandom } from '@quorate/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ScrambledZipfian, scrambledIndex, scrambledKeysMax, Zipfian, zetaOf } from '../src/input/zipfian.ts';

const draws = 200_000;

function counts(items: number, next: () => number): Uint32Array {
  const result = new Uint32Array(items);
  for (let draw = 0; draw < draws; draw++) {
    const rank = next();
    result[rank] = (result[rank] as number) + 1;
  }
  return result;
}

describe('Zipfian', () => {
  it('draws the popular ranks as often as 1 / rank^theta says', () => {
    const random = seededRandom('zipfian');
    const zipfian = new Zipfian(1000, 0.99);
    const seen = counts(1000, () => zipfian.next(random));
    const zeta = zetaOf(1000, 0.99);
    // The first two are exact; the sum of the first hundred is what the approximation must still get right.
    for (const rank of [0, 1]) {
      const expected = draws / zeta / (rank + 1) ** 0.99;
      expect(Math.abs((seen[rank] as number) - expected)).toBeLessThan(5 * Math.sqrt(expected));
    }
    const head = seen.slice(0, 100).reduce((sum, count) => sum + count, 0) / draws;
    expect(head).toBeCloseTo(zetaOf(100, 0.99) / zeta, 1);
    expect(zipfian.top).toBeCloseTo(1 / zeta, 12);
  });

  it('stays within its items for any seed, size and skew', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.integer({ min: 2, max: 5000 }),
        fc.double({ min: 0.01, max: 0.99, noNaN: true }),
        (seed, items, theta) => {
          const random = seededRandom(seed);
          const zipfian = new Zipfian(items, theta);
          for (let draw = 0; draw < 50; draw++) {
            const rank = zipfian.next(random);
            expect(Number.isInteger(rank) && rank >= 0 && rank < items).toBe(true);
          }
        },
      ),
    );
  });

  it('refuses what has no such distribution', () => {
    expect(() => new Zipfian(1)).toThrow('received 1');
    expect(() => new Zipfian(10, 1)).toThrow('received 1');
    expect(() => new Zipfian(10, Number.NaN)).toThrow('received NaN');
  });
});

describe('ScrambledZipfian', () => {
  it('hashes ranks as a 64-bit FNV-1a with the absolute value of a signed number', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2 ** 34 }),
        fc.integer({ min: 1, max: scrambledKeysMax }),
        (rank, count) => {
          expect(scrambledIndex(rank, count)).toBe(reference(rank, count));
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('relies on a sum over ten thousand million ranks that agrees with Euler and Maclaurin', () => {
    const [from, to, theta] = [100_000, 1e10, 0.99];
    const integral = (to ** (1 - theta) - from ** (1 - theta)) / (1 - theta);
    const ends = (from ** -theta + to ** -theta) / 2;
    const sum =
      zetaOf(from - 1, theta) + integral + ends + (theta / 12) * (from ** (-theta - 1) - to ** (-theta - 1));
    expect(1 / new Zipfian(1e10, theta, sum).top).toBeCloseTo(26.46902820178302, 6);
  });

  it('has a few hot indexes anywhere and the rest everywhere', () => {
    const random = seededRandom('scrambled');
    const count = 1000;
    const zipfian = new ScrambledZipfian(count);
    const seen = counts(count, () => zipfian.next(random));
    expect(seen[scrambledIndex(0, count)]).toBe(Math.max(...seen));
    expect((seen[scrambledIndex(0, count)] as number) / draws).toBeCloseTo(1 / 26.469 + 1 / count, 2);
    expect(seen.filter(times => times === 0)).toHaveLength(0);
    const halves = [seen.slice(0, count / 2), seen.slice(count / 2)].map(
      half => half.reduce((a, b) => a + b, 0) / draws,
    );
    expect(Math.abs((halves[0] as number) - 0.5)).toBeLessThan(0.1);
  });

  it('draws the same for the same seed', () => {
    const draw = (): Uint32Array => new ScrambledZipfian(500).draw(100, seededRandom(7).fork('zipfian'));
    expect(draw()).toEqual(draw());
  });
});

/** The same by arithmetic on 64-bit integers. */
function reference(rank: number, count: number): number {
  let hash = 0xcbf29ce484222325n;
  let rest = BigInt(rank);
  for (let byte = 0; byte < 8; byte++) {
    hash = BigInt.asUintN(64, (hash ^ (rest & 0xffn)) * 1099511628211n);
    rest >>= 8n;
  }
  const signed = BigInt.asIntN(64, hash);
  return Number((signed < 0n ? -signed : signed) % BigInt(count));
}
