import type { CheckReport, MetricReport, SubjectReport } from '../check-report.ts';

/** What became of a subject: why it was not compared, or the gravest verdict on one of its metrics. */
export type Fate = MetricReport['verdict'] | Exclude<SubjectReport['status'], 'compared'>;

/** What asks for a reader's attention first comes first. */
export const fates: readonly Fate[] = [
  'failed',
  'regression',
  'inconclusive',
  'unmeasured',
  'possible',
  'improvement',
  'incomparable',
  'unchanged',
];

export function fateOf({ status, metrics }: SubjectReport): Fate {
  if (status !== 'compared') return status;
  return fates.find(fate => metrics.some(({ verdict }) => verdict === fate)) ?? 'unchanged';
}

/** The time of a subject, or its amount; undefined where no pair found one. */
export function mainMetric({ metrics }: SubjectReport): MetricReport | undefined {
  return metrics.find(({ kind }) => kind === 'time' || kind === 'amount');
}

/** What a report says in what order, without the canaries. */
export interface Digest {
  /** With at least one verdict other than `unchanged`, the gravest first. */
  readonly moved: readonly SubjectReport[];
  readonly unchanged: readonly SubjectReport[];
  /** Failed, unmeasured or incomparable, in this order. */
  readonly notCompared: readonly SubjectReport[];
  readonly canaries: readonly SubjectReport[];
  /** Names of those that base's suites do not have. */
  readonly added: readonly string[];
  readonly counts: ReadonlyMap<Fate, number>;
}

export function digestOf({ subjects }: CheckReport): Digest {
  const own = subjects.filter(({ canary }) => canary === undefined);
  // Sorting keeps the suites' order among equals.
  const byFate = [...own].sort((a, b) => fates.indexOf(fateOf(a)) - fates.indexOf(fateOf(b)));
  const counts = fates.map(fate => [fate, own.filter(subject => fateOf(subject) === fate).length] as const);
  return {
    moved: byFate.filter(subject => subject.status === 'compared' && fateOf(subject) !== 'unchanged'),
    unchanged: own.filter(subject => fateOf(subject) === 'unchanged'),
    notCompared: byFate.filter(({ status }) => status !== 'compared'),
    canaries: subjects.filter(({ canary }) => canary !== undefined),
    added: own.filter(({ presence }) => presence === 'new').map(({ name }) => name),
    counts: new Map(counts.filter(([, count]) => count > 0)),
  };
}

/** `2 regressions, 1 possible, 30 unchanged` */
export function countsText({ counts }: Digest): string {
  const texts = [...counts].map(([fate, count]) => {
    const isNoun = fate === 'regression' || fate === 'improvement';
    return `${count} ${fate}${isNoun && count !== 1 ? 's' : ''}`;
  });
  return texts.join(', ') || 'nothing to compare';
}

/**
 * The metrics of a subject that a reader has to see: the main one, and whatever else did not come out unchanged. Where the run
 * was too short for the main one, that goes for the others too, and is said once.
 */
export function metricsToShow(subject: SubjectReport): MetricReport[] {
  const main = mainMetric(subject);
  const isSaid = main !== undefined && hasFewPairs(main);
  return subject.metrics.filter(
    metric => metric === main || (metric.verdict !== 'unchanged' && !(isSaid && hasFewPairs(metric))),
  );
}

function hasFewPairs({ verdict, estimate, rule }: MetricReport): boolean {
  return verdict === 'inconclusive' && estimate.pairs < rule.firstPairs;
}
