import fc from 'fast-check';
import { Piscina } from 'piscina';
import { describe, expect, it } from 'vitest';
import { overlapOf, threadGroupMemory } from '../src/measure/thread-group.ts';
import type { Seen } from './fixtures/group-member.ts';

describe('overlapOf', () => {
  it('is the common part of the windows as a share of the longest', () => {
    expect(overlapOf([{ startNs: 0, endNs: 100 }])).toBe(1);
    expect(
      overlapOf([
        { startNs: 0, endNs: 100 },
        { startNs: 5, endNs: 95 },
      ]),
    ).toBe(0.9);
    expect(
      overlapOf([
        { startNs: 0, endNs: 100 },
        { startNs: 50, endNs: 150 },
        { startNs: 20, endNs: 120 },
      ]),
    ).toBe(0.5);
  });

  it('is nothing where one thread was done before another began', () => {
    expect(
      overlapOf([
        { startNs: 0, endNs: 10 },
        { startNs: 20, endNs: 30 },
      ]),
    ).toBe(0);
    expect(overlapOf([{ startNs: 5, endNs: 5 }])).toBe(0);
  });

  it('lies from 0 to 1, is 1 for equal windows only, and knows no order', () => {
    const windows = fc.array(
      fc
        .tuple(fc.nat(1000), fc.integer({ min: 1, max: 1000 }))
        .map(([startNs, length]) => ({ startNs, endNs: startNs + length })),
      { minLength: 1, maxLength: 5 },
    );
    fc.assert(
      fc.property(windows, list => {
        const overlap = overlapOf(list);
        expect(overlap).toBeGreaterThanOrEqual(0);
        expect(overlap).toBeLessThanOrEqual(1);
        const equal = list.every(w => w.startNs === list[0]?.startNs && w.endNs === list[0]?.endNs);
        expect(overlap === 1).toBe(equal);
        expect(overlapOf(list.toReversed())).toBe(overlap);
      }),
    );
  });
});

describe('ThreadGroup', () => {
  it.each([1, 2, 4])('lets %i threads measure only while all of them work', async size => {
    const pool = new Piscina<object, Seen>({
      filename: new URL('fixtures/group-member.ts', import.meta.url).href,
      minThreads: size,
      maxThreads: size,
      concurrentTasksPerWorker: 1,
    });
    for (let round = 0; round < 5; round++) {
      const order = { memory: threadGroupMemory(), size, log: new Int32Array(new SharedArrayBuffer(8)) };
      const seen = await Promise.all(Array.from({ length: size }, async () => pool.run(order)));
      expect(Math.min(...seen.map(s => s.measuring))).toBeGreaterThan(Math.max(...seen.map(s => s.arrived)));
      expect(Math.min(...seen.map(s => s.measuring))).toBeGreaterThan(Math.max(...seen.map(s => s.warm)));
      expect(Math.min(...seen.map(s => s.left))).toBeGreaterThan(Math.max(...seen.map(s => s.measured)));
      for (const { bogus } of seen) expect(bogus).toBeGreaterThanOrEqual(1);
      expect(Atomics.load(order.log, 1)).toBe(size * 10_000);
    }
    await pool.destroy();
  });
});
