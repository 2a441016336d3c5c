import type { CheckReport, MetricReport, PairRow, SubjectReport } from '../../check/check-report.ts';
import type { HistoryRun } from '../../check/history-run.ts';
import { fateOf, mainMetric, metricsToShow } from '../../check/report/digest.ts';
import { formatChange, formatInterval, formatMetricValue, formatPairs } from '../../check/report/figures.ts';
import { element, escape } from '../markup.ts';
import { renderDistribution } from './distribution.ts';
import { pastRuns, renderHistory } from './history-plot.ts';
import { renderPairs, renderProcesses } from './pairs-plot.ts';
import { renderProcessStrip } from './process-strip.ts';
import { renderFacts } from './subject-facts.ts';
import { subjectId, subjectTitle } from './subject-title.ts';
import { canaryBadge, verdictBadge } from './verdict-mark.ts';

/** Everything that is known of one subject, folded away; what got slower or failed is open. */
export function renderSubject(
  subject: SubjectReport,
  report: CheckReport,
  runs: readonly HistoryRun[],
): string {
  const fate = fateOf(subject);
  const isGrave = subject.canary === undefined && (fate === 'regression' || fate === 'failed');
  const canary = report.outcome.canaries.find(candidate => candidate.subject === subject.name);
  const badge = canary === undefined ? verdictBadge(fate, fateText(subject)) : canaryBadge(canary);
  return element(
    'details',
    { class: 'card subject', open: isGrave ? '' : undefined },
    element('summary', {}, badge, subjectTitle(subject), summaryFigures(mainMetric(subject))),
    // The place that links lead to is inside: what holds it unfolds by itself.
    element(
      'div',
      { id: subjectId(report.subjects, subject) },
      subject.about === undefined ? '' : element('p', { class: 'muted' }, escape(subject.about)),
      subject.why === undefined
        ? ''
        : element('p', { class: 'trouble' }, escape(`${subject.status}: ${subject.why}`)),
      metricsTable(subject.metrics),
      ...plots(subject, report, runs),
      renderFacts(subject),
      pairsTable(subject),
    ),
  );
}

/** With the metric that the fate is owed to, where that is not the one whose figures stand beside it. */
function fateText(subject: SubjectReport): string {
  const fate = fateOf(subject);
  const [first] = subject.metrics.filter(({ verdict }) => verdict === fate);
  return first === undefined || first === mainMetric(subject) ? fate : `${fate}: ${first.metric}`;
}

function summaryFigures(metric: MetricReport | undefined): string {
  if (metric === undefined) return '';
  const { base, head, unit, estimate } = metric;
  const values = `${formatMetricValue(base, unit)} → ${formatMetricValue(head, unit)}`;
  const change = element('strong', {}, formatChange(estimate.hl));
  return element('span', { class: 'summary-figures' }, element('span', { class: 'muted' }, values), change);
}

function plots(subject: SubjectReport, { env }: CheckReport, runs: readonly HistoryRun[]): string[] {
  const { pairs } = subject;
  const main = mainMetric(subject);
  const others = metricsToShow(subject).filter(metric => metric !== main);
  const own =
    main === undefined
      ? []
      : [
          renderPairs(pairs, main),
          renderProcesses(pairs, main),
          env.profile === 'headline' ? renderProcessStrip(pairs, main) : '',
          renderDistribution(pairs, main),
          renderHistory(pastRuns(runs, subject.name), main.rule.minEffect),
        ];
  return [...own, ...others.map(metric => renderPairs(pairs, metric))];
}

function metricsTable(metrics: readonly MetricReport[]): string {
  if (metrics.length === 0) return '';
  const head = ['', 'base', 'head', 'change', 'interval', 'pairs', 'verdict', 'why'];
  const body = metrics.map(({ metric, unit, base, head: value, estimate, verdict, why, p, adjustedP }) => {
    const chance =
      p < 1 ? `p ${p.toPrecision(2)}, ${adjustedP.toPrecision(2)} for all comparisons of the run` : undefined;
    const cells = [
      formatMetricValue(base, unit),
      formatMetricValue(value, unit),
      formatChange(estimate.hl),
      formatInterval(estimate),
      formatPairs(estimate),
    ];
    return element(
      'tr',
      {},
      element('th', { scope: 'row' }, escape(metric)),
      ...cells.map(cell => element('td', { class: 'number' }, escape(cell))),
      element('td', {}, verdictBadge(verdict)),
      element('td', { class: 'why' }, escape([why, chance].filter(text => text !== undefined).join('; '))),
    );
  });
  return table('metrics', head, body);
}

/** The pairs as numbers, for those who cannot see the drawings and those who want to look closer. */
function pairsTable({ pairs, metrics }: SubjectReport): string {
  if (pairs.length === 0) return '';
  const names = metrics.length > 0 ? metrics : [];
  const head = ['turn', 'stage', 'first', ...names.flatMap(({ metric }) => [`${metric}, base`, 'head'])];
  const body = pairs.map(pair =>
    element(
      'tr',
      {},
      ...[String(pair.turn), pair.stage, pair.first].map(text => element('td', {}, escape(text))),
      ...names.flatMap(metric => [pair.base, pair.head].map(arm => valueCell(arm, metric))),
    ),
  );
  const title = element('summary', {}, `${pairs.length} pairs as numbers`);
  return element('details', { class: 'numbers' }, title, table('pairs', head, body));
}

function valueCell({ values }: PairRow['base'], { metric, unit }: MetricReport): string {
  const value = values[metric];
  return element('td', { class: 'number' }, value === undefined ? '×' : formatMetricValue(value, unit));
}

function table(name: string, head: readonly string[], rows: readonly string[]): string {
  const titles = head.map(text => element('th', { scope: 'col' }, escape(text)));
  const parts = [element('thead', {}, element('tr', {}, ...titles)), element('tbody', {}, ...rows)];
  return element('div', { class: 'scroll' }, element('table', { class: name }, ...parts));
}
