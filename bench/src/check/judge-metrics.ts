import { type Random, seededRandom } from '@quorate/core';
import { holm } from '../statistics/holm.ts';
import { type Judgement, judge, type Rule, type Verdict, verdictOf } from '../statistics/decide.ts';
import { median } from '../statistics/quantile.ts';
import type { MetricReport, PairRow } from './check-report.ts';
import { logPairs, type Metric } from './metrics.ts';
import { formatShare } from './format-share.ts';

/** A subject whose pairs are all taken. */
export interface Measured {
  readonly name: string;
  readonly metrics: readonly Metric[];
  readonly pairs: readonly PairRow[];
  /** Known truths are no part of the family of comparisons. */
  readonly canary: boolean;
}

/**
 * The verdicts of a run, from nothing but its pairs: the same pairs and seed give the same verdicts.
 *
 * @returns for each subject its metrics, without those for which no pair has values
 */
export function judgeMetrics(measured: readonly Measured[], seed: number): MetricReport[][] {
  const judged = measured.map(subject => ({ subject, metrics: judgeSubject(subject, seed) }));
  const family = judged.filter(({ subject }) => !subject.canary).flatMap(({ metrics }) => metrics);
  const adjusted = holm(family.map(({ judgement }) => judgement.p));
  return judged.map(({ subject, metrics }) =>
    metrics.map(entry => {
      // A canary is held to what a bench of the run would have been held to.
      const adjustedP = subject.canary
        ? Math.min(1, entry.judgement.p * Math.max(1, family.length))
        : (adjusted[family.indexOf(entry)] ?? 1);
      return reportOf(subject, entry, adjustedP);
    }),
  );
}

/**
 * What the bootstraps of a metric draw from, anew for each look: the same pairs then look the same during the run, at its end
 * and when the report is judged again.
 */
export function judgeRandom(seed: number, subject: string, metric: string): Random {
  return seededRandom(seed).fork(`judge ${subject} ${metric}`);
}

interface Judged {
  readonly metric: Metric;
  readonly judgement: Judgement;
}

function judgeSubject({ name, metrics, pairs }: Measured, seed: number): Judged[] {
  return metrics.flatMap(metric => {
    const screen = logPairs(valuesOf(pairs, 'screen'), metric);
    const confirm = logPairs(valuesOf(pairs, 'confirm'), metric);
    if (screen.length === 0) return [];
    const random = judgeRandom(seed, name, metric.metric);
    return [{ metric, judgement: judge({ screen, confirm }, metric.rule, random) }];
  });
}

function valuesOf(pairs: readonly PairRow[], stage: PairRow['stage']) {
  return pairs
    .filter(pair => pair.stage === stage)
    .map(({ base, head }) => ({ base: base.values, head: head.values }));
}

function reportOf({ pairs }: Measured, { metric, judgement }: Judged, adjustedP: number): MetricReport {
  const { estimate, pairs: count, stage, p } = judgement;
  const verdict = verdictOf(judgement, adjustedP, metric.rule);
  // Of the very processes that the estimate is of.
  const own = pairs.filter(
    pair => pair.stage === stage && metric.metric in pair.base.values && metric.metric in pair.head.values,
  );
  const values = (arm: 'base' | 'head'): number[] =>
    own.map(pair => pair[arm].values[metric.metric] as number);
  const report = {
    ...metric,
    base: median(values('base')),
    head: median(values('head')),
    estimate: {
      hl: Math.expm1(estimate.value),
      lo: Math.expm1(estimate.lo),
      hi: Math.expm1(estimate.hi),
      pairs: count,
      stage,
    },
    p,
    adjustedP,
    verdict,
  };
  return { ...report, why: whyOf(verdict, judgement, metric.rule, adjustedP) };
}

function whyOf(verdict: Verdict, judgement: Judgement, rule: Rule, adjustedP: number): string {
  const { estimate, pairs, stage, suspect } = judgement;
  const change = formatShare(Math.expm1(estimate.value));
  const least = formatShare(rule.minEffect);
  const most = formatShare(Math.expm1(estimate.hi));
  if (verdict === 'regression')
    return `${change} in ${pairs} fresh pairs as well; ${least} is the least that counts`;
  if (verdict === 'improvement') return `${change}, and surely less than before`;
  if (verdict === 'unchanged') {
    const again =
      stage === 'confirm' && suspect ? `a suspicion that ${pairs} fresh pairs did not repeat: ` : '';
    return `${again}${change}, at most ${most}; below ${least} nothing counts`;
  }
  if (verdict === 'possible') {
    return `${change}${stage === 'confirm' ? ' in fresh pairs' : ''}: less than the ${least} that counts`;
  }
  if (stage === 'confirm' && adjustedP > rule.alpha) {
    return `${change} in fresh pairs, which chance does not rule out (p ${adjustedP.toPrecision(2)} for all comparisons)`;
  }
  if (pairs < rule.firstPairs)
    return `${change} in ${pairs} pairs: fewer than the ${rule.firstPairs} that it takes`;
  if (suspect && stage === 'screen') return `${change}, but no fresh pairs were left to confirm it`;
  if (estimate.value > Math.log1p(rule.minEffect))
    return `${change}, but ${pairs} pairs are too few to be sure`;
  return `${change}, but it might be ${most}: the pairs are spread too far`;
}
