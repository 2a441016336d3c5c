import { describe, expect, it } from 'vitest';
import type { Sample } from '../src/measure/job.ts';
import type { BenchRow, RatioRow, SuiteReport } from '../src/report/report.ts';
import { sampleValue, summarize } from '../src/report/summarize.ts';
import type { ContestOutcome } from '../src/run/schedule.ts';
import type { Bench, Goal } from '../src/suite.ts';
import { anyKernel, chunks, contestOf, environment, outcomeOf, sampleOf, windowOf } from './outcomes.ts';

function suiteOf(...outcomes: ContestOutcome[]): SuiteReport {
  const report = summarize(outcomes, [{ name: 'suite', about: 'made up' }], environment);
  return report.suites[0] as SuiteReport;
}

const pair: Bench = { name: 'b', contenders: { ours: anyKernel, theirs: anyKernel } };

function ratioWith(goal: Goal, ours: readonly Sample[], theirs: readonly Sample[]): RatioRow {
  const contest = contestOf({ ...pair, goals: [goal] });
  return suiteOf(outcomeOf(contest, [ours, theirs])).ratios[0] as RatioRow;
}

describe('sampleValue', () => {
  it('is the lower quartile of the chunks', () => {
    expect(sampleValue(sampleOf({ chunkNs: [5, 1, 2, 3, 4] }))).toBe(2);
  });

  it('is that of the accepted windows alone, and nothing where there are none', () => {
    expect(sampleValue(sampleOf({ groupWindows: [windowOf(1, 0.5), windowOf(4, 0.95)] }))).toBe(4);
    expect(sampleValue(sampleOf({ groupWindows: [windowOf(1, 0.5)] }))).toBeUndefined();
  });

  it('is that of the typical cycle where calls are timed', () => {
    expect(sampleValue(sampleOf({ chunkNs: [9, 9], cycleNs: 4 }))).toBe(4);
  });

  it('is a quantity as it is', () => {
    expect(sampleValue(sampleOf({ quantity: 4096 }))).toBe(4096);
  });
});

describe('rows', () => {
  it('have the median of the processes, and its rate', () => {
    const [row] = suiteOf(outcomeOf(contestOf(pair), [chunks(90, 100, 130), chunks(1)])).benches;
    expect(row?.nsPerOp?.median).toBe(100);
    expect(row?.nsPerOp?.lo).toBeGreaterThanOrEqual(90);
    expect(row?.nsPerOp?.hi).toBeLessThanOrEqual(130);
    expect(row?.opsPerSec).toBe(1e7);
    expect(row?.samples.map(({ value }) => value)).toEqual([90, 100, 130]);
  });

  it('are inconclusive where the threads of most processes did not overlap', () => {
    const bench: Bench = { name: 'b', threads: [2], contenders: { ours: anyKernel } };
    const contest = contestOf(bench, [{ contender: 'ours', threads: 2 }]);
    const good = sampleOf({ groupWindows: [windowOf(5, 0.97), windowOf(6, 0.4)] });
    const bad = sampleOf({ groupWindows: [windowOf(5, 0.89)] });
    const [row] = suiteOf(outcomeOf(contest, [[good, bad, bad]])).benches as [BenchRow];
    expect(row).toMatchObject({ status: 'inconclusive', nsPerOp: null, opsPerSec: null });
    expect(row.why).toBe('threads ran at once in 1 of 3 processes only');
    const [fine] = suiteOf(outcomeOf(contest, [[good, good, bad]])).benches as [BenchRow];
    expect(fine).toMatchObject({
      status: 'ok',
      params: { nodes: 3, threads: 2 },
      overlap: { least: 0.97, rejected: 3 },
    });
  });

  it('say why they failed or were skipped', () => {
    const contest = contestOf(pair, [
      { contender: 'ours', threads: 1 },
      { contender: 'theirs', threads: 1, skipped: 'too slow' },
    ]);
    const outcome = outcomeOf(contest, [chunks(1, 1), []]);
    const failed = {
      ...outcome,
      rows: outcome.rows.map((row, i) => (i === 0 ? { ...row, failure: 'It broke' } : row)),
    };
    const { benches, ratios } = suiteOf(failed);
    expect(benches.map(({ status, why, nsPerOp }) => [status, why, nsPerOp])).toEqual([
      ['failed', 'It broke', null],
      ['skipped', 'too slow', null],
    ]);
    expect(ratios).toEqual([]);
  });

  it('hold bytes where the unit is bytes', () => {
    const contest = contestOf({ ...pair, unit: 'bytes' });
    const { benches, ratios } = suiteOf(
      outcomeOf(contest, [[sampleOf({ quantity: 100 })], [sampleOf({ quantity: 400 })]]),
    );
    expect(benches[0]).toMatchObject({
      nsPerOp: null,
      opsPerSec: null,
      amount: { median: 100 },
      unit: 'bytes',
    });
    expect(ratios[0]).toMatchObject({ of: 'ours', to: 'theirs', unit: 'bytes', ahead: 'ours' });
    expect(ratios[0]?.ratio).toBeCloseTo(0.25, 12);
  });

  it('have the median of the latencies of their processes', () => {
    const latency = (p50: number): Sample =>
      sampleOf({ chunkNs: [1], latency: { p50, p75: p50, p99: p50, p999: p50, calls: 10 } });
    const [row] = suiteOf(
      outcomeOf(contestOf(pair), [[latency(1), latency(2), latency(9)], chunks(1)]),
    ).benches;
    expect(row?.latencyNs).toEqual({ p50: 2, p75: 2, p99: 2, p999: 2, calls: 30 });
  });

  it('show a goal of time beside what was measured', () => {
    const goals = [{ of: 'ours', limit: 10 }];
    const verdict = (...times: number[]): string | undefined =>
      suiteOf(outcomeOf(contestOf({ ...pair, goals }), [chunks(...times), chunks(1)])).benches[0]?.goal
        ?.verdict;
    expect(verdict(8, 9)).toBe('met');
    expect(verdict(11, 12)).toBe('missed');
    expect(verdict(8, 12, 9, 13, 10)).toBe('unclear');
  });
});

describe('ratios', () => {
  it('divide the time of the first contender by that of each other, round by round', () => {
    const [ratio] = suiteOf(outcomeOf(contestOf(pair), [chunks(10, 20, 40), chunks(100, 200, 400)]))
      .ratios as [RatioRow];
    expect(ratio).toMatchObject({
      bench: 'b',
      of: 'ours',
      to: 'theirs',
      kind: 'contender',
      pairs: 3,
      ahead: 'ours',
    });
    // Each round is slower than the one before, but for both: the pairs agree.
    expect([ratio.ratio, ratio.lo, ratio.hi].map(value => value.toFixed(9))).toEqual(
      Array(3).fill('0.100000000'),
    );
  });

  it('leave out rounds in which one of the two has nothing', () => {
    const bench: Bench = { ...pair, threads: [2] };
    const rows = ['ours', 'theirs'].map(contender => ({ contender, threads: 2 }));
    const at = (ns: number, overlap: number): Sample => sampleOf({ groupWindows: [windowOf(ns, overlap)] });
    const ours = [at(10, 1), at(10, 1), at(10, 1), at(10, 1)];
    const theirs = [at(20, 1), at(5, 0.1), at(20, 1), at(20, 1)];
    const { ratios } = suiteOf(outcomeOf(contestOf(bench, rows), [ours, theirs]));
    expect(ratios).toHaveLength(1);
    expect(ratios[0]).toMatchObject({ pairs: 3, params: { threads: 2 } });
    expect(ratios[0]?.ratio).toBeCloseTo(0.5, 12);
  });

  it('say who is ahead only where the interval leaves no doubt', () => {
    const ahead = (ours: number[], theirs: number[]): string | null | undefined =>
      suiteOf(outcomeOf(contestOf(pair), [chunks(...ours), chunks(...theirs)])).ratios[0]?.ahead;
    expect(ahead([1, 1], [3, 3])).toBe('ours');
    expect(ahead([3, 3], [1, 1])).toBe('theirs');
    expect(ahead([1, 3, 2], [3, 1, 2])).toBeNull();
    expect(ahead([1.01, 1.01], [1, 1])).toBeNull();
  });

  it('judge a goal by the whole interval', () => {
    const goal = { of: 'ours', to: 'theirs', atMost: 0.5 };
    expect(ratioWith(goal, chunks(4, 4), chunks(10, 10)).goal).toEqual({ atMost: 0.5, verdict: 'met' });
    expect(ratioWith(goal, chunks(6, 6), chunks(10, 10)).goal).toEqual({ atMost: 0.5, verdict: 'missed' });
    const spread = ratioWith(goal, chunks(4, 6, 3, 7, 5), chunks(10, 10, 10, 10, 10));
    expect(spread.goal?.verdict).toBe('unclear');
  });

  it('compare other pairs where a goal names them, and never a control', () => {
    const contenders = { ours: anyKernel, other: anyKernel, theirs: anyKernel, control: anyKernel };
    const goals = [{ of: 'other', to: 'theirs', atMost: 1 }];
    const bench: Bench = { name: 'b', contenders, controls: ['control'], goals };
    const samples = [chunks(1), chunks(1), chunks(1), chunks(1)];
    const { ratios } = suiteOf(outcomeOf(contestOf(bench), samples));
    expect(ratios.map(({ of, to }) => `${of}/${to}`)).toEqual(['ours/other', 'ours/theirs', 'other/theirs']);
  });
});

describe('scaling', () => {
  const goals = [{ of: 'ours', threads: 2, atLeast: 1.8, control: 'control' }];
  const contenders = { ours: anyKernel, control: anyKernel };
  const bench: Bench = { name: 'b', threads: [1, 2], contenders, controls: ['control'], goals };
  const rows = ['ours', 'control'].flatMap(contender => [1, 2].map(threads => ({ contender, threads })));
  const at = (ns: number): Sample[] => [1, 2].map(() => sampleOf({ groupWindows: [windowOf(ns, 1)] }));

  function scalingOf(ours: number, control: number): RatioRow {
    const outcome = outcomeOf(contestOf(bench, rows), [at(10), at(10 / ours), at(5), at(5 / control)]);
    return suiteOf(outcome).ratios.find(ratio => ratio.of === 'ours on 2 threads') as RatioRow;
  }

  it('is told as the time on n threads divided by that on one', () => {
    const ratio = scalingOf(1.9, 1.95);
    expect(ratio).toMatchObject({ to: 'ours on 1 thread', kind: 'threads' });
    expect(ratio.ratio).toBeCloseTo(1 / 1.9, 12);
  });

  it('meets or misses its goal where the control scales', () => {
    expect(scalingOf(1.9, 1.95).goal).toMatchObject({ verdict: 'met', atLeast: 1.8 });
    expect(scalingOf(1.9, 1.95).goal?.control).toBeCloseTo(1.95, 9);
    expect(scalingOf(1.4, 1.95).goal?.verdict).toBe('missed');
  });

  it('is inconclusive where the control does not scale as far, and says so', () => {
    const { goal } = scalingOf(1.4, 1.5);
    expect(goal?.verdict).toBe('inconclusive');
    expect(goal?.why).toBe('the control itself scales 1.50x only: the machine had no 2 free cores');
    expect(scalingOf(1.9, 1.5).goal?.verdict).toBe('inconclusive');
  });

  it('is inconclusive where the control has no result', () => {
    const outcome = outcomeOf(contestOf(bench, rows), [at(10), at(5), [], []]);
    const ratio = suiteOf(outcome).ratios.find(({ kind }) => kind === 'threads');
    expect(ratio?.goal).toMatchObject({ verdict: 'inconclusive', why: 'the control has no result' });
  });

  it('keeps its goal in the report where it has no result itself', () => {
    const { benches, ratios } = suiteOf(outcomeOf(contestOf(bench, rows), [at(10), [], at(5), at(2.5)]));
    expect(ratios.map(({ of }) => of)).toEqual(['control on 2 threads']);
    expect(benches.map(({ unjudged }) => unjudged)).toEqual([
      undefined,
      ['ours on 2 threads ≥ 1.8x one thread, where control scales as far'],
      undefined,
      undefined,
    ]);
  });
});
