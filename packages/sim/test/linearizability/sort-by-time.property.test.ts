import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { sortByTime } from '../../src/linearizability/sort-by-time.ts';

test('it sorts as the platform does, and leaves equal times as they are', () => {
  let yields = 0;
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 300 }),
      fc.integer({ min: 0, max: 3 }),
      (drawn, slope) => {
        // From any order to one that is nearly sorted already.
        const times = Float64Array.from(drawn, (time, index) => time + slope * 20 * index);
        const wanted = Array.from(drawn.keys()).sort((a, b) => (times[a] as number) - (times[b] as number));
        const sorting = sortByTime(Int32Array.from(drawn.keys()), times);
        let turn = sorting.next();
        for (; turn.done !== true; turn = sorting.next()) yields++;
        expect([...turn.value]).toEqual(wanted);
      },
    ),
    { numRuns: 500 },
  );
  expect(yields).toBe(0);
});

test('a long one gives way now and then', () => {
  const count = 300_000;
  const times = Float64Array.from({ length: count }, (_, index) => (index * 7919) % 65_537);
  let yields = 0;
  const sorting = sortByTime(Int32Array.from(times.keys()), times);
  let turn = sorting.next();
  for (; turn.done !== true; turn = sorting.next()) yields++;
  expect(yields).toBeGreaterThan(20);
  const sorted = turn.value.map(index => times[index] as number);
  expect(sorted.every((time, place) => place === 0 || time >= (sorted[place - 1] as number))).toBe(true);
});
