import type { CheckReport } from '../../check/check-report.ts';
import type { History } from '../../check/history.ts';
import { digestOf } from '../../check/report/digest.ts';
import { environmentLines } from '../../check/report/figures.ts';
import { element, escape } from '../markup.ts';
import { script, style } from '../style.ts';
import { renderAnswer } from './answer-card.ts';
import { checkStyle } from './check-style.ts';
import { renderOtherMetrics, renderTimes } from './forest-sections.ts';
import { comparableRuns } from './history-plot.ts';
import { renderLeftOut } from './left-out-section.ts';
import { hasScaling, renderScalings } from './scaling-plot.ts';
import { section } from './section.ts';
import { renderSubject } from './subject-section.ts';

/**
 * The report as one page that needs nothing else: styles, drawings and the one script (for the button) are in it, and it opens
 * from a file.
 *
 * @param history of earlier runs, with or without this one
 */
export function renderCheckPage(report: CheckReport, history: History = { runs: [], notes: [] }): string {
  const digest = digestOf(report);
  const body = element(
    'main',
    { class: 'check' },
    element(
      'header',
      {},
      element('h1', {}, 'Regression check'),
      element('button', { type: 'button' }, 'Light / dark'),
    ),
    renderAnswer(report, digest),
    renderTimes(report),
    renderOtherMetrics(report),
    renderLeftOut(report, digest),
    notes([...report.notes, ...history.notes]),
    hasScaling(report) ? section('Thread scaling', 'scaling', renderScalings(report)) : '',
    subjects(report, history),
    method(report),
  );
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>Regression check: ${report.outcome.verdict}</title>`,
    `<style>${style}${checkStyle}</style>`,
    '</head>',
    `<body>${body}<script>${script}</script></body>`,
    '</html>',
    '',
  ].join('\n');
}

function notes(texts: readonly string[]): string {
  if (texts.length === 0) return '';
  const items = texts.map(text => element('li', {}, escape(text)));
  return section('Notes', 'notes', element('ul', { class: 'card list' }, ...items));
}

function subjects(report: CheckReport, { runs }: History): string {
  const comparable = comparableRuns(runs, report);
  const own = report.subjects.filter(({ canary }) => canary === undefined);
  const others = report.subjects.filter(({ canary }) => canary !== undefined);
  const suites = [...new Set([...own, ...others].map(({ suite }) => suite))];
  return suites
    .map(suite =>
      section(
        suite,
        `suite-${suites.indexOf(suite)}`,
        ...report.subjects
          .filter(subject => subject.suite === suite)
          .map(subject => renderSubject(subject, report, comparable)),
      ),
    )
    .join('');
}

const howToRead = [
  'A pair is two processes, one of each build, one straight after the other in an order drawn anew. Pairs of different benches take turns, so that a busy moment of the machine spoils few pairs of each.',
  'The change of a bench is estimated from the ratios within its pairs. What looks slower is measured again in fresh pairs, and only what these repeat is a regression; what moved by less than the shaded least effect is none.',
  'The axis of changes is linear near zero and logarithmic beyond.',
];

function method(report: CheckReport): string {
  const lines = [...howToRead, ...environmentLines(report)];
  return section(
    'How it was measured',
    'method',
    element('div', { class: 'card' }, ...lines.map(text => element('p', { class: 'muted' }, escape(text)))),
  );
}
