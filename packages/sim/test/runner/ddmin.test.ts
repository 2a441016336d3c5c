import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ddmin } from '../../src/host/runner/ddmin.ts';

const sizes = fc.integer({ min: 1, max: 60 });

describe('ddmin', () => {
  test('finds exactly what is needed where that is a set', async () => {
    await fc.assert(
      fc.asyncProperty(sizes, fc.uniqueArray(fc.nat(59), { maxLength: 5 }), async (size, wanted) => {
        const items = Array.from({ length: size }, (_, index) => index);
        const needed = wanted.filter(index => index < size).sort((a, b) => a - b);
        const found = await ddmin(items, async kept => needed.every(index => kept.includes(index)));
        expect(found).toEqual(needed);
      }),
    );
  });

  test('leaves nothing that could be left out alone, whatever the test is', async () => {
    const table = fc.infiniteStream(fc.boolean());
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 12 }), table, async (size, coins) => {
        const items = Array.from({ length: size }, (_, index) => index);
        const known = new Map<string, boolean>();
        const test = (kept: readonly number[]): boolean => {
          const key = kept.join();
          if (!known.has(key)) known.set(key, kept.length === size || coins.next().value === true);
          return known.get(key) === true;
        };
        const found = await ddmin(items, async kept => test(kept));
        expect(test(found)).toBe(true);
        if (found.length > 1) {
          for (const item of found) expect(test(found.filter(other => other !== item))).toBe(false);
        }
      }),
    );
  });

  test('takes about as many tests as the logarithm says where one of many items matters', async () => {
    const items = Array.from({ length: 4096 }, (_, index) => index);
    let tests = 0;
    const found = await ddmin(items, async kept => {
      tests += 1;
      return kept.includes(3210);
    });
    expect(found).toEqual([3210]);
    expect(tests).toBeLessThanOrEqual(2 * 12 + 2);
  });

  test('gives what it has when the search is ended', async () => {
    let left = 8;
    const items = Array.from({ length: 100 }, (_, index) => index);
    const found = await ddmin(items, async kept => (left-- > 0 ? kept.includes(99) : undefined));
    expect(found).toContain(99);
    expect(found.length).toBeLessThan(100);
    expect(found.length).toBeGreaterThan(1);
  });
});
