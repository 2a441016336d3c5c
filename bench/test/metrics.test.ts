import { describe, expect, it } from 'vitest';
import { checkProfiles } from '../src/check/check-profile.ts';
import { logPairs, metricsOf, valuesOf } from '../src/check/metrics.ts';
import type { OpenLoop, Sample } from '../src/measure/job.ts';
import type { Unit } from '../src/suite.ts';
import { subjectOf } from './fake-subjects.ts';
import { sampleOf } from './outcomes.ts';
import { gateRule } from './simulated-decisions.ts';

const { gate, headline } = checkProfiles;
const subject = subjectOf('bench');

const account = { bytesPerOp: 24, collectionsPerOp: 1e-4, ops: 100_000 };
const latency = (p50: number, p99: number) => ({ p50, p99, p999: p99, most: p99 });
const openLoop: OpenLoop = { rate: 100, calls: 20, corrected: latency(30, 900), raw: latency(20, 50) };

const window = (nsPerOp: number, accepted: boolean, counts?: Record<string, number>) => {
  return { nsPerOp, overlap: 1, busy: 1, accepted, ...(counts === undefined ? {} : { counts }) };
};

const names = (sample: Partial<Sample>): string[] =>
  metricsOf(subject, sampleOf(sample)).map(({ metric }) => metric);

describe('metricsOf', () => {
  it('is time alone where a process finds nothing else, by the rule of its subject', () => {
    const [time, ...others] = metricsOf(subject, sampleOf({ chunkNs: [1] }));
    expect(time).toEqual({ metric: 'time', kind: 'time', unit: 'ns', rule: gateRule, floor: 0 });
    expect(others).toEqual([]);
  });

  it('has what operations allocate, count and make callers wait for, each with a wider rule', () => {
    const metrics = metricsOf(subject, sampleOf({ account, counts: { retries: 1, wakes: 2 }, openLoop }));
    expect(metrics.map(({ metric, kind, unit, rule }) => [metric, kind, unit, rule.minEffect])).toEqual([
      ['time', 'time', 'ns', 0.025],
      ['bytes', 'bytes', 'bytes', 0.05],
      ['collections', 'collections', 'count', 0.25],
      ['retries', 'count', 'count', 0.25],
      ['wakes', 'count', 'count', 0.25],
      ['latency p50', 'latency', 'ns', 0.25],
      ['latency p99', 'latency', 'ns', 1],
    ]);
    const { minEffect: _, ...rest } = gateRule;
    for (const { rule } of metrics.slice(1)) expect(rule).toMatchObject({ ...rest, riseOnly: true });
    expect(metrics[0]?.rule).not.toHaveProperty('riseOnly');
  });

  it('weighs bytes and collections against what counting leaves by itself', () => {
    const floors = (ops: number): number[] => {
      const metrics = metricsOf(subject, sampleOf({ account: { ...account, ops } }));
      return metrics.slice(1).map(({ floor }) => floor);
    };
    // 64 KiB and some collections over all operations; a byte at least.
    const [bytes, collections = 0] = floors(1024);
    expect(bytes).toBe(64);
    expect(collections * 1024).toBeGreaterThanOrEqual(2);
    expect(collections * 1024).toBeLessThanOrEqual(10);
    expect(floors(1e9)).toEqual([1, expect.closeTo((collections * 1024) / 1e9, 12)]);
  });

  it('has no collections where they were not counted', () => {
    expect(names({ account: { bytesPerOp: 1, ops: 10 } })).toEqual(['time', 'bytes']);
  });

  it('finds what threads count in their windows', () => {
    expect(names({ groupWindows: [window(1, false, { retries: 2 })] })).toEqual(['time', 'retries']);
  });

  it.each([
    ['bytes', 64],
    ['count', 0.01],
    ['ns', 0],
  ] as const)('is the amount alone for a quantity of %s', (unit: Unit, floor) => {
    const weighed = subjectOf('memory', { bench: { ...subject.bench, unit } });
    expect(metricsOf(weighed, sampleOf({ quantity: 5, account }))).toEqual([
      { metric: 'amount', kind: 'amount', unit, rule: gateRule, floor },
    ]);
  });
});

describe('valuesOf', () => {
  it('takes the best chunk for the gate, the lower quartile for the headline', () => {
    const sample = sampleOf({ chunkNs: [9, 5, 7, 3, 11] });
    expect(valuesOf(sample, gate)).toEqual({ time: 3 });
    expect(valuesOf(sample, headline)).toEqual({ time: 5 });
  });

  it('takes what was put together call by call, where a kernel is timed so', () => {
    const sample = sampleOf({ chunkNs: [9, 5], cycleNs: 4, bestCycleNs: 2 });
    expect(valuesOf(sample, gate)).toEqual({ time: 2 });
    expect(valuesOf(sample, headline)).toEqual({ time: 4 });
  });

  it('takes the median of the windows in which threads ran at once', () => {
    const groupWindows = [window(5, true), window(1, false), window(9, true), window(6, true)];
    expect(valuesOf(sampleOf({ groupWindows }), gate)).toEqual({ time: 6 });
    expect(valuesOf(sampleOf({ groupWindows: [window(1, false)] }), gate)).toEqual({});
  });

  it('takes counts of the same windows, or of a single thread', () => {
    const groupWindows = [
      window(5, true, { retries: 4, wakes: 0 }),
      window(1, false, { retries: 100, wakes: 100 }),
      window(5, true, { retries: 6, wakes: 1 }),
    ];
    expect(valuesOf(sampleOf({ groupWindows }), gate)).toEqual({ time: 5, retries: 5, wakes: 0.5 });
    expect(valuesOf(sampleOf({ chunkNs: [1], counts: { wakes: 3 } }), gate)).toEqual({ time: 1, wakes: 3 });
  });

  it('takes latency as it was corrected for calls that were held up', () => {
    expect(valuesOf(sampleOf({ chunkNs: [1], account, openLoop }), gate)).toEqual({
      time: 1,
      bytes: 24,
      collections: 1e-4,
      'latency p50': 30,
      'latency p99': 900,
    });
  });

  it('is the amount alone for a quantity', () => {
    expect(valuesOf(sampleOf({ quantity: 0, chunkNs: [1] }), gate)).toEqual({ amount: 0 });
  });
});

describe('logPairs', () => {
  const pairs = [
    { base: { time: 100, bytes: 0 }, head: { time: 110, bytes: 1 } },
    { base: { time: 100 }, head: {} },
    { base: {}, head: { time: 100 } },
    { base: { time: 50 }, head: { time: 50 } },
  ];

  it('leave out pairs in which a build has no value', () => {
    expect(logPairs(pairs, { metric: 'time', floor: 0 })).toEqual([
      { base: Math.log(100), head: Math.log(110) },
      { base: Math.log(50), head: Math.log(50) },
    ]);
    expect(logPairs(pairs, { metric: 'absent', floor: 0 })).toEqual([]);
  });

  it('add the floor to both, so that a byte more than none is not endless', () => {
    expect(logPairs(pairs, { metric: 'bytes', floor: 64 })).toEqual([
      { base: Math.log(64), head: Math.log(65) },
    ]);
    expect(logPairs(pairs, { metric: 'time', floor: 900 })).toEqual([
      { base: Math.log(1000), head: Math.log(1010) },
      { base: Math.log(950), head: Math.log(950) },
    ]);
  });
});
