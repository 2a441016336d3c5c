import type { CheckReport, MetricReport, SubjectReport } from '../../check/check-report.ts';
import { fates, mainMetric, metricsToShow } from '../../check/report/digest.ts';
import { element, escape } from '../markup.ts';
import { type ForestRow, renderForest } from './change-forest.ts';
import { legendKey } from './figure.ts';
import { section } from './section.ts';
import { subjectLink } from './subject-title.ts';
import { verdictMark } from './verdict-mark.ts';

/** The times (and amounts) of all subjects, what moved first. */
export function renderTimes({ subjects: all }: CheckReport): string {
  const measured = all.flatMap(subject => {
    const metric = mainMetric(subject);
    return metric === undefined ? [] : [{ subject, metric }];
  });
  const own = measured.filter(({ subject }) => subject.canary === undefined);
  const canaries = measured.filter(entry => !own.includes(entry));
  const rows = (entries: typeof measured): ForestRow[] =>
    [...entries]
      .sort((a, b) => fates.indexOf(a.metric.verdict) - fates.indexOf(b.metric.verdict))
      .map(({ subject, metric }) => forestRow(all, subject, metric));
  const forest = renderForest([
    { title: 'Moved or unsure', rows: rows(own.filter(({ metric }) => metric.verdict !== 'unchanged')) },
    { title: 'Unchanged', rows: rows(own.filter(({ metric }) => metric.verdict === 'unchanged')) },
    { title: 'Canaries', rows: canaries.map(({ subject, metric }) => forestRow(all, subject, metric)) },
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

function forestRow(all: readonly SubjectReport[], subject: SubjectReport, metric: MetricReport): ForestRow {
  const { canary } = subject;
  const isMain = metric === mainMetric(subject);
  const tag = isMain ? '' : element('span', { class: 'tag' }, escape(metric.metric));
  return {
    name: `${subjectLink(all, subject)}${tag}`,
    about: `${subject.name}, ${metric.metric}`,
    metric,
    ...(canary === undefined || !isMain ? {} : { truth: canary }),
  };
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
      .map(({ subject, metric }) => forestRow(all, subject, metric));
  const forest = renderForest([
    { title: 'Moved or unsure', rows: rows(true) },
    { title: 'Unchanged', rows: rows(false) },
  ]);
  const quiet = others.length - shown.length;
  const rest = `${quiet} further ${quiet === 1 ? 'comparison' : 'comparisons'} moved by less than a quarter of what counts, or had as few pairs as the time had.`;
  return section(
    'Bytes, collections, counts and latency',
    'others',
    element('div', { class: 'card' }, forest, quiet === 0 ? '' : element('p', { class: 'muted' }, rest)),
  );
}
