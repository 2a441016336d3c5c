import { binomialBounds } from '../statistics/binomial-bounds.ts';
import { median, quantile } from '../statistics/quantile.ts';
import { type Pair, shiftOf } from '../statistics/shift.ts';
import type { Comparison, Condition, PairLogs, ValidationRun } from './validation-run.ts';

/** How often something happened, with what the true share may be at most and at least (95 % to either side). */
export interface Share {
  readonly count: number;
  readonly of: number;
  readonly lo: number;
  readonly hi: number;
}

/** What the runs of one condition, or of all, have shown. */
export interface Findings {
  readonly condition: Condition | 'all';
  readonly runs: number;
  /** Comparisons of identical code that were called a regression: of time in all runs, of anything else where nothing was changed. */
  readonly falseAlarms: Share | null;
  /** Whole runs of unchanged benches that ended red. */
  readonly falseRuns: Share | null;
  /** Whole runs of unchanged benches that ended neither red nor green. */
  readonly undecidedRuns: Share | null;
  /** Slowdowns called a regression in a run that ended red, by percent. */
  readonly caught: Readonly<Record<string, Share>>;
  /** Benches that got faster and were called a regression. */
  readonly fasterAlarms: Share | null;
  /** Difference of estimate and truth in percentage points, by percent: the mean, and that of the worst bench. */
  readonly bias: Readonly<
    Record<string, { readonly mean: number; readonly worst: number; readonly bench: string }>
  >;
  /** Duration of whole runs of unchanged benches, s. */
  readonly seconds: { readonly median: number; readonly p90: number } | null;
  /** Pairs that an unchanged bench took. */
  readonly pairsUnchanged: number | null;
}

/** Every comparison that did not fail has so many pairs. */
const firstPairs = 8;

export function findingsOf(runs: readonly ValidationRun[], condition: Findings['condition']): Findings {
  const own = condition === 'all' ? runs : runs.filter(run => run.condition === condition);
  const same = own.filter(({ kind }) => kind === 'same');
  const red = own.filter(({ exitCode }) => exitCode === 1).flatMap(run => run.comparisons);
  const all = own.flatMap(run => run.comparisons);
  const unchanged = all.filter(({ truth }) => truth === 0);
  const caught = (comparisons: readonly Comparison[]): Share | null =>
    shareOf(
      comparisons.filter(each => each.verdict === 'regression' && red.includes(each)).length,
      comparisons.length,
    );
  const falseOthers = same.flatMap(run => run.others.filter(text => text.endsWith(': regression')));
  const falseTimes = unchanged.filter(({ verdict }) => verdict === 'regression');
  const seconds = same.map(run => run.seconds);
  const truths = [...new Set(all.map(({ truth }) => truth))].sort((a, b) => a - b);
  const of = (truth: number): Comparison[] => all.filter(comparison => comparison.truth === truth);
  return {
    condition,
    runs: own.length,
    falseAlarms: shareOf(falseTimes.length + falseOthers.length, unchanged.length),
    falseRuns: shareOf(same.filter(({ exitCode }) => exitCode === 1).length, same.length),
    undecidedRuns: shareOf(same.filter(({ exitCode }) => exitCode > 1).length, same.length),
    caught: Object.fromEntries(
      truths
        .filter(truth => truth > 0)
        .map(truth => [truth, caught(of(truth))] as const)
        .filter((entry): entry is [number, Share] => entry[1] !== null),
    ),
    fasterAlarms: alarms(all.filter(({ truth }) => truth < 0)),
    bias: Object.fromEntries(truths.map(truth => [truth, biasOf(truth, of(truth))])),
    seconds: seconds.length === 0 ? null : { median: median(seconds), p90: quantile(seconds, 0.9) },
    pairsUnchanged: unchanged.length === 0 ? null : mean(unchanged.map(pairsOf)),
  };
}

function alarms(comparisons: readonly Comparison[]): Share | null {
  return shareOf(comparisons.filter(({ verdict }) => verdict === 'regression').length, comparisons.length);
}

function shareOf(count: number, of: number): Share | null {
  return of === 0 ? null : { count, of, ...binomialBounds(Math.min(count, of), of) };
}

/** The estimate from the first pairs of each comparison, as many of each: those are taken whatever they show. */
function biasOf(truth: number, comparisons: readonly Comparison[]): Findings['bias'][string] {
  const byBench = Map.groupBy(
    comparisons.filter(({ screen }) => screen.base.length >= firstPairs),
    ({ bench }) => bench,
  );
  const wanted = truth >= 0 ? truth : 100 * (1 / (1 - truth / 100) - 1);
  const biases = [...byBench].map(([bench, list]) => {
    const estimates = list.map(({ screen }) => shiftOf(pairsIn(screen).slice(0, firstPairs)));
    return { bench, bias: mean(estimates.map(log => 100 * Math.expm1(log / 10_000))) - wanted };
  });
  if (biases.length === 0) return { mean: 0, worst: 0, bench: '' };
  const worst = biases.reduce((most, entry) => (Math.abs(entry.bias) > Math.abs(most.bias) ? entry : most));
  return { mean: mean(biases.map(({ bias }) => bias)), worst: worst.bias, bench: worst.bench };
}

function pairsOf({ screen, confirm }: Comparison): number {
  return screen.base.length + confirm.base.length;
}

function pairsIn({ base, head }: PairLogs): Pair[] {
  return base.map((value, index) => ({ base: value, head: head[index] as number }));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
