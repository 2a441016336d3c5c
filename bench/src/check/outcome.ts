import type { CanaryReport, MetricReport, Outcome, SubjectReport } from './check-report.ts';
import { formatShare } from './format-share.ts';

/**
 * The answer of a run, from what is reported of its subjects.
 *
 * What failed on head comes first, since nothing can be said about it. Then the canaries: where the machine shows a change in
 * identical code, or does not show one that is there, the answer is neither red nor green.
 */
export function outcomeOf(subjects: readonly SubjectReport[]): Outcome {
  const canaries = subjects.flatMap(subject => (subject.canary === undefined ? [] : [canaryOf(subject)]));
  const own = subjects.filter(subject => subject.canary === undefined);
  const failed = own.filter(subject => subject.status === 'failed').map(nameAndWhy);
  const brokenCanaries = canaries
    .filter(({ passed }) => !passed)
    .map(({ subject, why }) => `${subject}: ${why}`);
  const regressions = withVerdict(own, 'regression');
  const unsure = [...withVerdict(own.map(onlyMain), 'inconclusive'), ...own.filter(isOpen).map(nameAndWhy)];
  const because = (
    verdict: Outcome['verdict'],
    exitCode: Outcome['exitCode'],
    ...why: string[][]
  ): Outcome => ({
    verdict,
    exitCode,
    why: why.flat(),
    canaries,
  });
  if (failed.length > 0) return because('failed', 3, failed, regressions);
  if (brokenCanaries.length > 0) {
    const what = 'What is known did not come out as it is: the machine was too busy, or the time too short';
    return because('inconclusive', 2, [what], brokenCanaries, regressions);
  }
  if (regressions.length > 0) return because('regression', 1, regressions);
  if (!own.some(subject => subject.status === 'compared')) {
    return because('inconclusive', 2, ['Nothing could be compared'], own.map(nameAndWhy));
  }
  if (unsure.length > 0) return because('inconclusive', 2, unsure);
  return because('ok', 0, ['Nothing got slower']);
}

function withVerdict(subjects: readonly SubjectReport[], verdict: MetricReport['verdict']): string[] {
  return subjects.flatMap(({ name, metrics }) =>
    metrics
      .filter(metric => metric.verdict === verdict)
      .map(({ metric, why }) => `${name}, ${metric}: ${why}`),
  );
}

/** What both builds have and nobody could compare: that it is no slower has not been shown. */
function isOpen({ status, presence }: SubjectReport): boolean {
  return status === 'unmeasured' || (status === 'incomparable' && presence === 'both');
}

/**
 * What comes along with time is not sampled until it is certain, so it leaves nothing open that was meant to be closed, but for
 * a rise that was seen and could not be confirmed.
 */
function onlyMain(subject: SubjectReport): SubjectReport {
  const metrics = subject.metrics.filter(
    ({ rule, estimate }) => rule.riseOnly !== true || (estimate.hl > rule.minEffect && estimate.lo > 0),
  );
  return { ...subject, metrics };
}

function nameAndWhy({ name, why }: SubjectReport): string {
  return `${name}: ${why ?? 'no reason is known'}`;
}

/** A canary that is to be caught must be caught by its time, and one that is not by none of its metrics. */
function canaryOf({ name, canary: truth = 0, status, why, metrics }: SubjectReport): CanaryReport {
  const wanted = truth > 0 ? 'regression' : 'unchanged';
  const held = truth > 0 ? metrics.filter(({ kind }) => kind === 'time') : metrics;
  const wrong = held.find(({ verdict }) => verdict !== wanted);
  const passed = status === 'compared' && held.length > 0 && wrong === undefined;
  const found = wrong === undefined ? (why ?? status) : `${wrong.metric} is ${wrong.verdict}: ${wrong.why}`;
  const expected = truth > 0 ? `${formatShare(truth)} must be caught` : 'identical code must come out equal';
  return { subject: name, truth, passed, why: passed ? `${expected}, and is` : `${expected}; ${found}` };
}
