import { type Random, seededRandom, Xoshiro128 } from '@quorate/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const draw = (random: Random, count: number): number[] =>
  Array.from({ length: count }, () => random.uint32());

describe('xoshiro128** (Blackman and Vigna 2021)', () => {
  test('the reference stream from the state 1, 2, 3, 4', () => {
    const generator = new Xoshiro128([1, 2, 3, 4]);
    const stream = Array.from({ length: 10 }, () => generator.next());
    expect(stream).toEqual([
      11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597, 4258142804,
    ]);
  });

  test('the state that it would never leave is refused', () => {
    expect(() => new Xoshiro128([0, 0, 0, 0])).toThrow(new RangeError('State must not be all zero'));
  });
});

describe('seededRandom', () => {
  test('the streams of a version are those of every version', () => {
    expect(draw(seededRandom(1), 3)).toEqual([1920610769, 2763714161, 3597464773]);
    expect(draw(seededRandom('quorate').fork('net').fork('loss'), 3)).toEqual([
      2163996983, 4205340081, 3505160798,
    ]);
  });

  test('the same seed gives the same stream, another seed another', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.bigInt(), fc.string()),
        seed => {
          expect(draw(seededRandom(seed), 8)).toEqual(draw(seededRandom(seed), 8));
        },
      ),
    );
    const streams = [1, 2, '1', 1n, '', 'a', 'b', -1, 0.5].map(seed => draw(seededRandom(seed), 4).join());
    expect(new Set(streams).size).toBe(streams.length);
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY])('a seed of %s is refused', seed => {
    expect(() => seededRandom(seed)).toThrow(
      new RangeError(`Seed must be a finite number, a bigint or a string: received ${seed}`),
    );
  });

  test('a fork depends on the seed and the labels alone', () => {
    fc.assert(
      fc.property(fc.nat(50), fc.string(), (draws, label) => {
        const parent = seededRandom(7);
        draw(parent, draws);
        expect(draw(parent.fork(label), 4)).toEqual(draw(seededRandom(7).fork(label), 4));
      }),
    );
  });

  test('labels are not merely joined', () => {
    const root = seededRandom(7);
    const streams = [
      root.fork('ab').fork('c'),
      root.fork('a').fork('bc'),
      root.fork('abc'),
      root.fork('a/2:bc'),
      root,
    ];
    expect(new Set(streams.map(stream => draw(stream, 4).join())).size).toBe(streams.length);
  });

  test('below is within its bound and favours nobody (chi-squared, 12 cells, p = 0.001)', () => {
    const random = seededRandom('chi');
    const counts = new Array<number>(12).fill(0);
    for (let trial = 0; trial < 120_000; trial++) {
      const cell = random.below(12);
      counts[cell] = (counts[cell] ?? Number.NaN) + 1;
    }
    const chiSquared = counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0);
    expect(chiSquared).toBeLessThan(31.26); // 11 degrees of freedom; NaN, from a cell out of range, fails too
  });

  test('a bound that does not divide 2^32 rejects the words that would favour small results', () => {
    const words = [0xffff_ffff, 0xc000_0000, 0xbfff_ffff];
    const scripted: Random = Object.assign(Object.create(Object.getPrototypeOf(seededRandom(1))), {
      uint32: () => words.shift(),
    });
    // 3 * 2^30 fits once: 0xffff_ffff and 0xc000_0000 lie above it and are drawn again.
    expect(scripted.below(0xc000_0000)).toBe(0xbfff_ffff);
  });

  test.each([0, -1, 1.5, 2 ** 32 + 1, Number.NaN])('a bound of %s is refused', bound => {
    expect(() => seededRandom(1).below(bound)).toThrow(
      new RangeError(`Bound must be an integer from 1 to 4294967296: received ${bound}`),
    );
  });

  test('float uses 53 bits and stays below 1', () => {
    const extremes = (word: number): Random =>
      Object.assign(Object.create(Object.getPrototypeOf(seededRandom(1))), { uint32: () => word });
    expect(extremes(0).float()).toBe(0);
    expect(extremes(0xffff_ffff).float()).toBe(1 - 2 ** -53);
  });
});
