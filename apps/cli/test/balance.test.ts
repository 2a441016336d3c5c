import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { balanceOf, samplingNoise } from '../src/analysis/balance.ts';
import { fairShares, minimumMoved } from '../src/analysis/fair-shares.ts';

const loads = (...values: number[]): Float64Array => Float64Array.from(values);

describe('balance', () => {
  test('of four equal nodes, computed by hand', () => {
    // average 10; deviations 2, -2, 4, -4: variance 10
    const balance = balanceOf(loads(12, 8, 14, 6), loads(0.25, 0.25, 0.25, 0.25));
    expect(balance).toMatchObject({
      total: 40,
      average: 10,
      max: 14,
      min: 6,
      maxToAverage: 1.4,
      minToAverage: 0.6,
    });
    expect(balance.standardDeviation).toBeCloseTo(Math.sqrt(10), 12);
    expect(balance.deviationToFair).toBeCloseTo(Math.sqrt(10) / 10, 12);
    expect(balance.maxToFair).toBeCloseTo(1.4, 12);
    // 2 and 4 keys of 40 are where they should not be
    expect(balance.shareError).toBeCloseTo(6 / 40, 12);
  });

  test('of weighted nodes, computed by hand', () => {
    // weights 3 and 1: fair loads of 80 keys are 60 and 20
    const balance = balanceOf(loads(50, 30), loads(0.75, 0.25));
    expect(balance.maxToAverage).toBeCloseTo(50 / 40, 12);
    expect(balance.maxToFair).toBeCloseTo(30 / 20, 12);
    expect(balance.minToFair).toBeCloseTo(50 / 60, 12);
    expect(balance.deviationToFair).toBeCloseTo(Math.sqrt((1 / 36 + 1 / 4) / 2), 12);
    expect(balance.shareError).toBeCloseTo(10 / 80, 12);
  });

  test('a node of weight 0 is no part of average, least and deviation, but its keys are on the wrong node', () => {
    const balance = balanceOf(loads(50, 50, 0), loads(0.5, 0.5, 0));
    expect(balance).toMatchObject({ average: 50, min: 50, minToFair: 1, deviationToFair: 0, shareError: 0 });
    expect(balanceOf(loads(45, 45, 10), loads(0.5, 0.5, 0)).shareError).toBeCloseTo(0.1, 12);
  });

  test('laws: peak at least 1, least at most 1, nothing off exactly when even, share error below 1', () => {
    const node = fc.tuple(fc.integer({ min: 0, max: 1e6 }), fc.double({ min: 1e-3, max: 1e3, noNaN: true }));
    fc.assert(
      fc.property(fc.array(node, { minLength: 1, maxLength: 40 }), nodes => {
        fc.pre(nodes.some(([load]) => load > 0));
        const balance = balanceOf(
          loads(...nodes.map(([load]) => load)),
          fairShares(nodes.map(([, weight]) => weight)),
        );
        expect(balance.maxToFair).toBeGreaterThanOrEqual(1 - 1e-9);
        expect(balance.minToFair).toBeLessThanOrEqual(1 + 1e-9);
        expect(balance.maxToAverage).toBeGreaterThanOrEqual(1 - 1e-9);
        expect(balance.shareError).toBeGreaterThanOrEqual(0);
        expect(balance.shareError).toBeLessThan(1);
        expect(balance.deviationToFair < 1e-9).toBe(balance.shareError < 1e-9);
      }),
    );
  });
});

test('sampling noise of equal nodes is √((n - 1) / keys)', () => {
  expect(samplingNoise(1000, fairShares([1, 1, 1, 1, 1]))).toBeCloseTo(Math.sqrt(4 / 1000), 12);
  expect(samplingNoise(1000, fairShares([2, 2, 0]))).toBeCloseTo(Math.sqrt(1 / 1000), 12);
});

describe('fair shares', () => {
  test('follow weights', () => {
    expect([...fairShares([3, 1, 0])]).toEqual([0.75, 0.25, 0]);
    expect([...fairShares([Number.MAX_VALUE, Number.MAX_VALUE])]).toEqual([0.5, 0.5]);
  });

  test('of copies: nobody holds two copies of one key, so the rest goes to the others', () => {
    // 10 would ask for 10/12 of the copies; of two copies each a node holds at most one: one half
    expect([...fairShares([10, 1, 1], 2)]).toEqual([0.5, 0.25, 0.25]);
    expect([...fairShares([10, 9, 1], 3)].map(share => share.toFixed(6))).toEqual([
      '0.333333',
      '0.333333',
      '0.333333',
    ]);
    expect([...fairShares([5, 1], 4)]).toEqual([0.5, 0.5]);
  });

  test('sum to 1 and stay under the cap', () => {
    const weights = fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(weights, fc.integer({ min: 1, max: 5 }), (list, copies) => {
        fc.pre(list.some(weight => weight > 0));
        const used = list.filter(weight => weight > 0).length;
        const shares = [...fairShares(list, copies)];
        expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 9);
        for (const share of shares) expect(share).toBeLessThanOrEqual(1 / Math.min(copies, used) + 1e-9);
      }),
    );
  });
});

describe('the minimum that has to move', () => {
  const node = (id: string, weight = 1): { id: string; weight: number } => ({ id, weight });

  test('is 1/(n+1) for a join of equals, the share of whoever leaves, what grows when weights change', () => {
    const four = ['a', 'b', 'c', 'd'].map(id => node(id));
    expect(minimumMoved(four, [...four, node('e')])).toBeCloseTo(1 / 5, 12);
    expect(minimumMoved(four, four.slice(1))).toBeCloseTo(1 / 4, 12);
    expect(minimumMoved(four, [node('a', 2), ...four.slice(1)])).toBeCloseTo(2 / 5 - 1 / 4, 12);
    expect(minimumMoved(four, four)).toBe(0);
    expect(minimumMoved([node('a')], [node('b')])).toBe(1);
  });

  test('is the same in both directions: what one way has to get, the other way has to give', () => {
    const members = fc.uniqueArray(
      fc.record({
        id: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
        weight: fc.integer({ min: 1, max: 9 }),
      }),
      { selector: ({ id }) => id, minLength: 1 },
    );
    fc.assert(
      fc.property(members, members, (before, after) => {
        expect(minimumMoved(before, after)).toBeCloseTo(minimumMoved(after, before), 9);
      }),
    );
  });
});
