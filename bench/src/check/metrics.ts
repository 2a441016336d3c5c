import type { Sample } from '../measure/job.ts';
import { median, quantile } from '../statistics/quantile.ts';
import type { Rule } from '../statistics/decide.ts';
import type { Pair } from '../statistics/shift.ts';
import type { Unit } from '../suite.ts';
import type { MetricKind } from './check-report.ts';
import type { CheckProfile } from './check-profile.ts';
import type { Subject } from './subject.ts';

/** One of the figures that a process finds, and how two builds are compared by it. */
export interface Metric {
  readonly metric: string;
  readonly kind: MetricKind;
  readonly unit: Unit;
  readonly rule: Rule;
  readonly floor: number;
}

/** Least effects of what is not time: bytes are nearly exact, the others come in small numbers or with the scheduler's luck. */
const minEffects = { bytes: 0.05, collections: 0.25, count: 0.25, p50: 0.25, p99: 1 } as const;

/** Compiling leaves some bytes too: so many are no operation's. */
const slackBytes = 65_536;

/** The same for one thing that is weighed: less than this is no weight. */
const weightFloorBytes = 64;

/** A collection more or less depends on where in the young generation the counting began. */
const collectionsSlack = 4;

/** Retries, wakes, messages per operation that are as good as none. */
const countFloor = 0.01;

/** The metrics that samples of a subject can have: those of the pilot's sample. */
export function metricsOf(subject: Subject, sample: Sample): Metric[] {
  const { rule } = subject;
  const unit = subject.bench.unit ?? 'ns';
  if (sample.quantity !== undefined)
    return [{ metric: 'amount', kind: 'amount', unit, rule, floor: floorOf(unit) }];
  const metrics: Metric[] = [{ metric: 'time', kind: 'time', unit: 'ns', rule, floor: 0 }];
  // What comes along with time must not cost pairs of its own, unless it seems to rise.
  const add = (metric: string, kind: MetricKind, ofUnit: Unit, minEffect: number, floor: number): void =>
    void metrics.push({ metric, kind, unit: ofUnit, rule: { ...rule, minEffect, riseOnly: true }, floor });
  const { account, counts, openLoop } = sample;
  if (account !== undefined) {
    add('bytes', 'bytes', 'bytes', minEffects.bytes, Math.max(1, slackBytes / account.ops));
    if (account.collectionsPerOp !== undefined) {
      add('collections', 'collections', 'count', minEffects.collections, collectionsSlack / account.ops);
    }
  }
  for (const name of Object.keys(counts ?? sample.groupWindows[0]?.counts ?? {})) {
    add(name, 'count', 'count', minEffects.count, countFloor);
  }
  if (openLoop !== undefined) {
    add('latency p50', 'latency', 'ns', minEffects.p50, 0);
    add('latency p99', 'latency', 'ns', minEffects.p99, 0);
  }
  return metrics;
}

function floorOf(unit: Unit): number {
  return unit === 'count' ? countFloor : unit === 'bytes' ? weightFloorBytes : 0;
}

/** What one process found, by metric; without those that it has no value for. */
export function valuesOf(sample: Sample, profile: CheckProfile): Record<string, number> {
  if (sample.quantity !== undefined) return { amount: sample.quantity };
  const values: Record<string, number> = {};
  const time = timeOf(sample, profile);
  if (time !== undefined) values['time'] = time;
  const { account, openLoop } = sample;
  if (account !== undefined) {
    values['bytes'] = account.bytesPerOp;
    if (account.collectionsPerOp !== undefined) values['collections'] = account.collectionsPerOp;
  }
  if (openLoop !== undefined) {
    values['latency p50'] = openLoop.corrected.p50;
    values['latency p99'] = openLoop.corrected.p99;
  }
  return { ...values, ...countsOf(sample) };
}

/**
 * The best chunk of a process: other programs only ever add time, and some chunk escapes them. Windows of a thread group are
 * not: the best of those is the one in which the threads met least, so their median is taken.
 */
function timeOf(sample: Sample, { chunkShare }: CheckProfile): number | undefined {
  if (sample.groupWindows.length > 0) {
    const accepted = sample.groupWindows.filter(window => window.accepted);
    return accepted.length === 0 ? undefined : median(accepted.map(window => window.nsPerOp));
  }
  const cycle = chunkShare === 0 ? sample.bestCycleNs : sample.cycleNs;
  return cycle ?? (sample.chunkNs.length === 0 ? undefined : quantile(sample.chunkNs, chunkShare));
}

function countsOf(sample: Sample): Record<string, number> {
  if (sample.counts !== undefined) return { ...sample.counts };
  const windows = sample.groupWindows.filter(window => window.accepted && window.counts !== undefined);
  const names = Object.keys(windows[0]?.counts ?? {});
  return Object.fromEntries(
    names.map(name => [name, median(windows.map(window => window.counts?.[name] ?? 0))]),
  );
}

/** The logarithms of what both processes of a pair found, of the pairs in which both have a value. */
export function logPairs(
  pairs: readonly {
    readonly base: Readonly<Record<string, number>>;
    readonly head: Readonly<Record<string, number>>;
  }[],
  { metric, floor }: Pick<Metric, 'metric' | 'floor'>,
): Pair[] {
  return pairs.flatMap(({ base, head }) => {
    const [before, after] = [base[metric], head[metric]];
    if (before === undefined || after === undefined) return [];
    return [{ base: Math.log(before + floor), head: Math.log(after + floor) }];
  });
}
