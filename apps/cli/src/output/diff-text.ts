import type { DiffReport } from '../commands/diff-report.ts';
import { count, percent, percentCell, ratio } from './figures.ts';
import type { Paint } from './paint.ts';
import { tableLines } from './table.ts';

/** The report of `quorate ring diff` as lines, with at most `limit` ranges. */
export function diffLines(report: DiffReport, limit: number, paint: Paint): string[] {
  const { moved, minimum, unnecessary } = report;
  const what = report.replicas === 1 ? 'of the hash space' : `of the copies (${report.replicas} of each key)`;
  const times = minimum === 0 ? '' : `, ${ratio(moved / minimum)} of it`;
  const needless = unnecessary === 0 ? paint.green('none of it') : paint.yellow(percent(unnecessary));
  const lines = [
    `${paint.bold(report.algorithm)}: ${percent(moved)} ${what} ${report.replicas === 1 ? 'moves' : 'move'}; the minimum is ${percent(minimum)}${times}`,
    `Between nodes that are in both with the same weight: ${needless}`,
    ...(report.exact
      ? []
      : [paint.dim('Estimated over a fixed sample of keys: this algorithm has no ranges.')]),
  ];
  if (report.nodes.length > 0) lines.push('', ...nodeLines(report, paint));
  if (report.ranges.length > 0 && limit > 0) lines.push('', ...rangeLines(report, limit, paint));
  return lines;
}

function nodeLines({ nodes }: DiffReport, paint: Paint): string[] {
  const columns = [
    { title: 'node', align: 'left' },
    { title: 'gets', align: 'right' },
    { title: 'gives', align: 'right' },
  ] as const;
  const cell = (fraction: number): string => (fraction === 0 ? '' : percentCell(fraction));
  return tableLines(
    columns,
    nodes.map(node => [node.id, cell(node.in), cell(node.out)]),
    paint.dim,
  );
}

function rangeLines({ ranges }: DiffReport, limit: number, paint: Paint): string[] {
  const columns = [
    { title: 'start', align: 'right' },
    { title: 'end (not in it)', align: 'right' },
    { title: 'from', align: 'left' },
    { title: 'to', align: 'left' },
  ] as const;
  const shown = ranges.slice(0, limit);
  const rows = shown.map(({ start, end, from, to }) => [start, end, from ?? '–', to ?? '–']);
  const rest = ranges.length - shown.length;
  const more =
    rest === 0 ? [] : [paint.dim(`… and ${count(rest)} more: --limit ${ranges.length}, or --json`)];
  return [
    paint.bold(`${count(ranges.length)} moved ranges`),
    ...tableLines(columns, rows, paint.dim),
    ...more,
  ];
}
