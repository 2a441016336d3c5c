import type { CheckReport, MetricReport, SubjectReport } from '../../check/check-report.ts';
import { type Digest, mainMetric, metricsToShow } from '../../check/report/digest.ts';
import { element, escape } from '../markup.ts';
import { type ForestRow, renderForest } from './change-forest.ts';
import { legendKey } from './figure.ts';
import { section } from './section.ts';
import { subjectLink } from './subject-title.ts';
import { verdictMark } from './verdict-mark.ts';

/** The times (and amounts) of all subjects, what moved first. */
export function renderTimes(
  { subjects: all }: CheckReport,
  { moved, unchanged, canaries, notCompared: rest }: Digest,
): string {
  const rows = (chosen: readonly SubjectReport[]): ForestRow[] =>
    chosen.flatMap(subject => forestRow(all, subject, mainMetric(subject)));
  const forest = renderForest([
    { title: 'Moved or unsure', rows: rows(moved) },
    { title: 'Unchanged', rows: rows(unchanged) },
    { title: 'Not compared, as far as it was measured', rows: rows(rest) },
    { title: 'Canaries', rows: rows(canaries) },
  ]);
  if (forest === '') return '';
  return section(
    'Time',
    'time',
    element('div', { class: 'card' }, forest, forestLegend(canaries.length > 0)),
  );
}

function forestLegend(hasTruth: boolean): string {
  const band = '<rect x="-8" y="-8" width="16" height="16" class="band"></rect>';
  const truth = '<path d="M0 -8V8" class="truth"></path>';
  return element(
    'p',
    { class: 'legend' },
    ...(['regression', 'possible', 'inconclusive', 'unchanged', 'improvement'] as const).map(fate =>
      legendKey(verdictMark(fate), fate),
    ),
    legendKey(band, 'too little to count'),
    hasTruth ? legendKey(truth, 'what a canary really takes more') : '',
  );
}

function forestRow(
  all: readonly SubjectReport[],
  subject: SubjectReport,
  metric: MetricReport | undefined,
): ForestRow[] {
  if (metric === undefined) return [];
  const { canary } = subject;
  const isMain = metric === mainMetric(subject);
  return [
    {
      name: `${subjectLink(all, subject)}${isMain ? '' : element('span', { class: 'tag' }, escape(metric.metric))}`,
      about: `${subject.name}, ${metric.metric}`,
      metric,
      ...(canary === undefined || !isMain ? {} : { truth: canary }),
    },
  ];
}

/** A metric besides time has a row where it moved at all by a quarter of what counts; latency and counts always have. */
const worthShowing = 0.25;

function isWorthShowing(subject: SubjectReport, metric: MetricReport): boolean {
  const { verdict, kind, estimate, rule } = metric;
  if (verdict !== 'unchanged') return metricsToShow(subject).includes(metric);
  const moved = Math.abs(Math.log1p(estimate.hl)) > worthShowing * Math.log1p(rule.minEffect);
  return moved || kind === 'latency' || kind === 'count';
}

/** All other metrics that are worth a look. */
export function renderOtherMetrics({ subjects: all }: CheckReport): string {
  const own = all.filter(({ canary }) => canary === undefined);
  const others = [...own, ...all.filter(subject => !own.includes(subject))].flatMap(subject =>
    subject.metrics.filter(metric => metric !== mainMetric(subject)).map(metric => ({ subject, metric })),
  );
  const shown = others.filter(({ subject, metric }) => isWorthShowing(subject, metric));
  if (others.length === 0) return '';
  const rows = (isMoved: boolean): ForestRow[] =>
    shown
      .filter(({ metric }) => (metric.verdict !== 'unchanged') === isMoved)
      .flatMap(({ subject, metric }) => forestRow(all, subject, metric));
  const forest = renderForest([
    { title: 'Moved or unsure', rows: rows(true) },
    { title: 'Unchanged', rows: rows(false) },
  ]);
  const quiet = others.length - shown.length;
  const rest = `${quiet} further ${quiet === 1 ? 'comparison' : 'comparisons'} moved by less than a quarter of what counts, or could not be decided no more than the time could.`;
  return section(
    'Bytes, collections, counts and latency',
    'others',
    element('div', { class: 'card' }, forest, quiet === 0 ? '' : element('p', { class: 'muted' }, rest)),
  );
}
