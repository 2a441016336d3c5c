import { sleep } from '@quorate/core';
import { describe, expect, test } from 'vitest';
import { type FaultOptions, simulate } from '../../src/index.ts';
import { scenario } from '../engine/small-scenario.ts';

interface Reading {
  readonly node: string;
  readonly wallMs: number;
  readonly monotonicMs: number;
  readonly trueMs: number;
}

/** Readings of two nodes and a client, with true time taken from the trace. */
async function readings(faults: FaultOptions, seed: number) {
  const taken: Omit<Reading, 'trueMs'>[] = [];
  const origins = new Map<string, number>();
  const result = await simulate(
    scenario({
      nodes: ['n1', 'n2'],
      clients: 1,
      faults,
      safetyMs: 10_000,
      livenessMs: 2_000,
      async node(env) {
        for (;;) {
          taken.push({ node: env.self, wallMs: env.clock.wallMs(), monotonicMs: env.clock.monotonicMs() });
          env.log('read');
          expect(env.clock.bootMs()).toBe(env.clock.monotonicMs());
          await sleep(env.clock, 100);
        }
      },
      async client(env) {
        for (let count = 0; count < 50; count++) {
          taken.push({ node: env.self, wallMs: env.clock.wallMs(), monotonicMs: env.clock.monotonicMs() });
          env.log('read');
          await sleep(env.clock, 100);
        }
      },
    }),
    { seed, record: true },
  );
  expect(result.verdict, String(result.error)).toBe('ok');
  const times = result.trace?.filter(({ detail }) => detail.type === 'log') ?? [];
  const list = taken.map((reading, index): Reading => {
    const trueMs = (times[index]?.atUs ?? 0) / 1000;
    if (!origins.has(reading.node)) origins.set(reading.node, trueMs);
    return { ...reading, trueMs: trueMs - (origins.get(reading.node) ?? 0) };
  });
  return { swarm: result.swarm ?? [], list, origins };
}

const wallOriginMs = Date.UTC(2026, 0);

describe('clocks', () => {
  test('are exact without faults', async () => {
    const { list, origins } = await readings({}, 1);
    for (const { node, wallMs, monotonicMs, trueMs } of list) {
      expect(monotonicMs).toBeCloseTo(trueMs, 6);
      expect(wallMs).toBeCloseTo(wallOriginMs + trueMs + (origins.get(node) ?? 0), 3);
    }
  });

  test('drift by as much as they may, and never go back', async () => {
    const rates = new Set<number>();
    for (let seed = 1; seed <= 20; seed++) {
      const { list } = await readings({ clock: { driftMax: 0.05 } }, seed);
      for (const node of ['n1', 'n2', 'client-0']) {
        const own = list.filter(reading => reading.node === node);
        const last = own.findLast(({ trueMs }) => trueMs < 9_000) as Reading;
        const rate = last.monotonicMs / last.trueMs;
        expect(Math.abs(rate - 1)).toBeLessThan(0.0501);
        if (node === 'client-0') expect(rate).toBeCloseTo(1, 6);
        else rates.add(Math.round(rate * 1000));
        for (const [index, reading] of own.entries()) {
          expect(reading.monotonicMs).toBeGreaterThanOrEqual(own[index - 1]?.monotonicMs ?? 0);
        }
      }
    }
    expect(Math.min(...rates)).toBeLessThan(980);
    expect(Math.max(...rates)).toBeGreaterThan(1020);
  });

  test('of nodes are off from the beginning by skew, and those of clients are not', async () => {
    const offsets: number[] = [];
    for (let seed = 1; seed <= 20; seed++) {
      const { list, origins } = await readings({ clock: { skewMaxMs: 500 } }, seed);
      for (const { node, wallMs, trueMs } of list) {
        const offsetMs = wallMs - wallOriginMs - trueMs - (origins.get(node) ?? 0);
        if (node === 'client-0') expect(offsetMs).toBeCloseTo(0, 3);
        else offsets.push(offsetMs);
      }
    }
    expect(Math.min(...offsets)).toBeLessThan(-200);
    expect(Math.max(...offsets)).toBeGreaterThan(200);
    expect(Math.max(...offsets.map(Math.abs))).toBeLessThanOrEqual(500.001);
  });

  test('of walls jump either way, and monotonic ones do not notice', async () => {
    const jumps: number[] = [];
    for (let seed = 1; seed <= 20; seed++) {
      const { list } = await readings({ clock: { jumps: true, jumpMaxMs: 5_000 } }, seed);
      for (const node of ['n1', 'n2']) {
        const own = list.filter(reading => reading.node === node);
        for (const [index, { wallMs, monotonicMs }] of own.entries()) {
          const before = own[index - 1];
          if (before === undefined) continue;
          expect(monotonicMs - before.monotonicMs).toBeCloseTo(100, 1);
          jumps.push(wallMs - before.wallMs - 100);
        }
      }
    }
    expect(Math.min(...jumps)).toBeLessThan(-200);
    expect(Math.max(...jumps)).toBeGreaterThan(200);
    expect(jumps.filter(jumpMs => Math.abs(jumpMs) < 0.01).length).toBeGreaterThan(jumps.length / 2);
  });

  test('never let a timer fire before its time, even where it was set while they were fast', async () => {
    const early: number[] = [];
    let spans = 0;
    for (let seed = 1; seed <= 20; seed++) {
      await simulate(
        scenario({
          faults: { clock: { driftMax: 0.5 } },
          livenessMs: 2_000,
          async node({ clock }) {
            for (let delayMs = 1; delayMs < 3_000; delayMs *= 3) {
              const sinceMs = clock.monotonicMs();
              clock.setTimer(delayMs, () => {
                const passedMs = clock.monotonicMs() - sinceMs;
                if (passedMs < delayMs - 1e-6) early.push(passedMs - delayMs);
                // On time all the same: no clock is off by more than a half, and all are right again after a second.
                expect(passedMs).toBeLessThan(delayMs * 2 + 0.01);
                spans++;
              });
            }
          },
        }),
        { seed },
      );
    }
    expect(early).toEqual([]);
    expect(spans).toBeGreaterThan(100);
  });
});
