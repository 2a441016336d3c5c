import { styleText } from 'node:util';
import type { CheckReport, MetricReport, SubjectReport } from '../check-report.ts';
import { countsText, type Digest, digestOf, mainMetric, metricsToShow } from './digest.ts';
import {
  environmentLines,
  formatBase,
  formatChange,
  formatHead,
  formatInterval,
  formatMetricValue,
  formatPairs,
  loadWarning,
} from './figures.ts';

type Style = 'bold' | 'dim' | 'green' | 'yellow' | 'red';
type Paint = (style: Style, text: string) => string;

/** Where nobody says how wide a line may be: in files and pipes. */
const usualColumns = 140;

const outcomeStyles = { ok: 'green', regression: 'red', inconclusive: 'yellow', failed: 'red' } as const;
const verdictStyles = {
  regression: 'red',
  inconclusive: 'yellow',
  possible: 'yellow',
  improvement: 'green',
  unchanged: 'dim',
} as const;

/**
 * The report as text for people: the answer and its reasons, what moved with all figures, what did not with a line each, what
 * was not compared and why, the canaries, and what the run depended on.
 *
 * @param columns of the terminal: names that leave no room for their figures get a line of their own
 */
export function renderCheckTable(
  report: CheckReport,
  colours: boolean,
  columns: number = usualColumns,
): string {
  const paint: Paint = (style, text) => (colours ? styleText(style, text, { validateStream: false }) : text);
  const digest = digestOf(report);
  const warning = loadWarning(report);
  const lines = [
    ...answerLines(report, digest, paint),
    ...section('Moved or unsure', movedLines(digest.moved, paint), paint),
    ...section(
      `Unchanged: ${digest.unchanged.length}`,
      figureLines(digest.unchanged.map(unchangedRow), columns),
      paint,
    ),
    ...section('Not compared', notComparedLines(report, digest, paint), paint),
    ...section('Canaries', canaryLines(report, digest, paint), paint),
    ...section('Notes', report.notes.map(indented), paint),
    '',
    ...environmentLines(report).map(text => paint('dim', text)),
    ...(warning === undefined ? [] : [paint('yellow', warning)]),
    '',
  ];
  return lines.join('\n');
}

function answerLines({ outcome, head, base }: CheckReport, digest: Digest, paint: Paint): string[] {
  const style = outcomeStyles[outcome.verdict];
  const [first = '', ...others] = outcome.why;
  return [
    `${paint('bold', paint(style, outcome.verdict.toUpperCase()))}: ${continued(first)}`,
    ...others.map(indented),
    paint('dim', `head ${formatHead(head)} against base ${formatBase(base)}: ${countsText(digest)}`),
  ];
}

/** Lines under a title, after an empty line; nothing where there are none. */
function section(title: string, lines: readonly string[], paint: Paint): string[] {
  return lines.length === 0 ? [] : ['', paint('bold', title), ...lines];
}

function indented(text: string): string {
  return `  ${continued(text)}`;
}

/** Messages of processes can have several lines. */
function continued(text: string): string {
  return text.trimEnd().replaceAll('\n', '\n    ');
}

function movedLines(subjects: readonly SubjectReport[], paint: Paint): string[] {
  const shown = subjects.map(subject => ({ subject, metrics: metricsToShow(subject) }));
  const cells = align(
    shown.flatMap(({ metrics }) => metrics.map(metric => [metric.metric, ...figures(metric)])),
  );
  let row = 0;
  return shown.flatMap(({ subject, metrics }) => [
    `  ${paint('bold', nameOf(subject))}`,
    ...metrics.flatMap(metric => {
      const verdict = paint(verdictStyles[metric.verdict], metric.verdict);
      const line = `    ${cells[row++]}  ${verdict}`;
      return metric.verdict === 'unchanged' ? [line] : [line, `      ${paint('dim', metric.why)}`];
    }),
  ]);
}

function nameOf({ name, presence }: SubjectReport): string {
  return presence === 'new' ? `${name} (new)` : name;
}

/** Base, head, change, interval, pairs. */
function figures({ base, head, unit, estimate }: MetricReport): string[] {
  return [
    formatMetricValue(base, unit),
    '→',
    formatMetricValue(head, unit),
    formatChange(estimate.hl),
    formatInterval(estimate),
    formatPairs(estimate),
  ];
}

interface FigureRow {
  readonly name: string;
  readonly figures: readonly string[];
}

function unchangedRow(subject: SubjectReport): FigureRow {
  const main = mainMetric(subject);
  return { name: nameOf(subject), figures: main === undefined ? [] : figures(main) };
}

function figureLines(rows: readonly FigureRow[], columns: number): string[] {
  const cells = align(
    rows.map(row => row.figures),
    0,
  );
  const room = columns - 4 - Math.max(0, ...cells.map(text => text.length));
  const width = Math.max(0, ...rows.map(({ name }) => name.length).filter(length => length <= room));
  return rows.flatMap(({ name }, index) => {
    const padding = ' '.repeat(width);
    const text = cells[index] ?? '';
    if (name.length > room) return [`  ${name}`, `  ${padding}  ${text}`];
    return [`  ${name.padEnd(width)}  ${text}`.trimEnd()];
  });
}

function notComparedLines(report: CheckReport, digest: Digest, paint: Paint): string[] {
  const line = (what: string, style: Style, text: string): string =>
    `  ${paint(style, what.padEnd(12))}  ${continued(text)}`;
  return [
    ...digest.notCompared.map(({ status, name, why }) =>
      line(status, status === 'failed' ? 'red' : 'yellow', `${name}: ${why ?? ''}`),
    ),
    ...digest.added.map(name => line('new', 'yellow', `${name}: base's suites do not have it`)),
    ...report.gone.map(name => line('gone', 'yellow', `${name}: head's suites do not have it`)),
    ...report.leftOut.map(({ name, why }) => line('left out', 'dim', `${name}: ${why}`)),
  ];
}

function canaryLines({ outcome }: CheckReport, { canaries }: Digest, paint: Paint): string[] {
  return outcome.canaries.map(({ subject, passed, why }) => {
    const report = canaries.find(({ name }) => name === subject);
    const main = report === undefined ? undefined : mainMetric(report);
    const word = paint(passed ? 'green' : 'red', (passed ? 'passed' : 'not passed').padEnd(12));
    const found =
      main === undefined
        ? ''
        : ` (${main.metric} ${formatChange(main.estimate.hl)} ${formatInterval(main.estimate)})`;
    return `  ${word}  ${subject}: ${continued(why)}${found}`;
  });
}

/** Pads cells to columns: the first `left` ones to the left, the others to the right. */
function align(rows: readonly (readonly string[])[], left = 1): string[] {
  const count = Math.max(0, ...rows.map(row => row.length));
  const widths = Array.from({ length: count }, (_, column) =>
    Math.max(...rows.map(row => (row[column] ?? '').length)),
  );
  return rows.map(row =>
    row
      .map((cell, column) =>
        column < left ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  '),
  );
}
