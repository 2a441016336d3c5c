import type { CheckReport, MetricReport, SubjectReport } from './check-report.ts';
import { judgeMetrics } from './judge-metrics.ts';
import type { Metric } from './metrics.ts';
import { outcomeOf } from './outcome.ts';

/** What a report is judged by again, where it is not what the run was judged by; both are shares. */
export interface RecomputeOptions {
  /**
   * The least change of time or amount that counts. It takes the place of the run's own; where a bench had a wider one (thread
   * groups have), that stays unless this is wider still. Canaries keep theirs: they tell whether the machine was quiet.
   */
  readonly minEffect?: number;
  /** Probability of at least one false alarm in the whole run. */
  readonly alpha?: number;
}

/**
 * The verdicts and the outcome of a report once more, from its raw pairs alone: nothing that was concluded before goes in.
 * Without options they come out as they were, to the last digit.
 *
 * What was not measured stays so. With a smaller least effect than in the run, what is suspect only now has no confirming
 * pairs and is inconclusive.
 *
 * @throws RangeError where an option is not a share above 0
 */
export function recompute(report: CheckReport, options: RecomputeOptions = {}): CheckReport {
  requireShare('Least effect', options.minEffect);
  requireShare('Alpha', options.alpha);
  const ownEffect = leastEffectOf(report.subjects);
  const judged = judgeMetrics(
    report.subjects.map(subject => ({
      name: subject.name,
      metrics: subject.metrics.map(metric => metricOf(metric, subject, ownEffect, options)),
      pairs: subject.status === 'compared' ? subject.pairs : [],
      canary: subject.canary !== undefined,
    })),
    report.env.seed,
  );
  const subjects = report.subjects.map((subject, index) => ({ ...subject, metrics: judged[index] ?? [] }));
  return { ...report, subjects, outcome: outcomeOf(subjects) };
}

function requireShare(what: string, share: number | undefined): void {
  if (share === undefined || (share > 0 && share <= 1)) return;
  throw new RangeError(`${what} must be a share above 0 and at most 1: received ${share}`);
}

/** What the run was asked for: what canaries are judged by, or the least of all where there are none. */
function leastEffectOf(subjects: readonly SubjectReport[]): number {
  const canaries = subjects.filter(({ canary }) => canary !== undefined);
  const effectsOf = (of: readonly SubjectReport[]): number[] =>
    of.flatMap(({ metrics }) => metrics.filter(isMain)).map(({ rule }) => rule.minEffect);
  // Canaries have no metrics where the time was up before their first pair.
  const known = effectsOf(canaries);
  return Math.min(...(known.length > 0 ? known : effectsOf(subjects)));
}

/** The rule of bytes, counts and latencies is not made from that of time. */
function isMain({ kind }: Pick<Metric, 'kind'>): boolean {
  return kind === 'time' || kind === 'amount';
}

/** How a metric was measured, without what was concluded from it. */
function metricOf(
  { metric, kind, unit, rule, floor }: MetricReport,
  { canary }: SubjectReport,
  ownEffect: number,
  { minEffect, alpha = rule.alpha }: RecomputeOptions,
): Metric {
  const same = { metric, kind, unit, rule: { ...rule, alpha }, floor };
  if (minEffect === undefined) return same;
  const movable = canary === undefined && isMain({ kind });
  const wide = Math.max(rule.minEffect, minEffect);
  const effect = !movable ? rule.minEffect : rule.minEffect === ownEffect ? minEffect : wide;
  return { ...same, rule: { ...same.rule, minEffect: effect } };
}
