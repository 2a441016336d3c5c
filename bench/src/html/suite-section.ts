import { formatBytes, formatNs, formatParams, formatRate, formatValue } from '../report/format.ts';
import type { BenchRow, RatioRow, SuiteReport } from '../report/report.ts';
import { contestsOf } from '../report/table.ts';
import { renderBars } from './bars.ts';
import { rowName } from './colour.ts';
import { commonFirst, renderForest } from './forest.ts';
import { element, escape } from './markup.ts';
import { renderSamples } from './samples.ts';
import { renderScaling } from './scaling.ts';

/** One suite: a card for each bench with its plots, and the same as a table. */
export function renderSuite(suite: SuiteReport): string {
  return element(
    'section',
    { id: suite.name },
    element('h2', { class: 'suite' }, escape(suite.name)),
    element('p', { class: 'muted' }, escape(suite.about)),
    ...contestsOf(suite).map(({ rows, ratios }) => renderContest(rows, ratios)),
  );
}

function renderContest(rows: readonly BenchRow[], ratios: readonly RatioRow[]): string {
  const [first] = rows as [BenchRow];
  const { threads: _, ...params } = first.params;
  const between = ratios.filter(ratio => ratio.kind === 'contender');
  return element(
    'article',
    { class: 'card' },
    element('h3', {}, escape(first.name), element('span', { class: 'params' }, escape(formatParams(params)))),
    element('p', { class: 'muted' }, escape(first.about ?? '')),
    renderBars(rows),
    ...troubles(rows),
    ...aheads(between),
    figure(forestTitle(between), renderForest(between)),
    figure('Threads', renderScaling(rows, ratios)),
    folded('Every process in order', renderSamples(rows)),
    folded('Table', tableOf(rows)),
  );
}

/** Where a peer is ahead the page says so in words, as the terminal does. */
function aheads(ratios: readonly RatioRow[]): string[] {
  return ratios
    .filter(ratio => ratio.ahead === ratio.to)
    .map(({ of, to, unit, ratio, lo, hi }) => {
      const word = unit === 'ns' ? 'faster' : 'smaller';
      const text = `${to} is ${ratio.toFixed(2)}x ${word} than ${of} [${lo.toFixed(2)}, ${hi.toFixed(2)}].`;
      return element('p', { class: 'ahead' }, escape(text));
    });
}

function troubles(rows: readonly BenchRow[]): string[] {
  return rows
    .filter(row => row.status !== 'ok')
    .map(row => {
      const goals = (row.unjudged ?? []).map(goal => `; goal ${goal}: inconclusive`).join('');
      const text = `${rowName(row)}: ${row.status}: ${row.why}${goals}`;
      return element('p', { class: `trouble s-${row.status}` }, escape(text));
    });
}

const amountNames = { ns: 'Time', bytes: 'Bytes', count: 'Count' } as const;

function forestTitle(ratios: readonly RatioRow[]): string {
  const what = amountNames[ratios[0]?.unit ?? 'ns'];
  const first = commonFirst(ratios);
  return `${what} of ${first ?? 'the first'} divided by that of${first === undefined ? ' the second' : '…'}`;
}

function figure(title: string, plot: string): string {
  return plot === '' ? '' : element('figure', {}, element('figcaption', {}, escape(title)), plot);
}

function folded(title: string, content: string): string {
  return content === '' ? '' : element('details', {}, element('summary', {}, title), content);
}

function tableOf(rows: readonly BenchRow[]): string {
  const head = [
    'contender',
    'median',
    'interval',
    'rate',
    'p50',
    'p99',
    'p99.9',
    'bytes/op',
    'overlap',
    'processes',
    'checksum',
  ];
  const body = rows.map(row => {
    const spread = row.nsPerOp ?? row.amount;
    const value = spread ? formatValue(spread.median, row.unit) : row.status;
    const interval = spread
      ? `${formatValue(spread.lo, row.unit)} to ${formatValue(spread.hi, row.unit)}`
      : '';
    const latency = row.latencyNs;
    const cells = [
      value,
      interval,
      row.opsPerSec === null ? '' : formatRate(row.opsPerSec),
      latency === undefined ? '' : formatNs(latency.p50),
      latency === undefined ? '' : formatNs(latency.p99),
      latency === undefined ? '' : formatNs(latency.p999),
      row.bytesPerOp === undefined ? '' : formatBytes(row.bytesPerOp),
      row.overlap === undefined ? '' : `${Math.round(row.overlap.least * 100)} %`,
      String(row.samples.length),
      row.checksum === null ? '' : String(row.checksum),
    ];
    return element(
      'tr',
      {},
      element('td', {}, escape(rowName(row))),
      ...cells.map(cell => element('td', { class: 'number' }, escape(cell))),
    );
  });
  const headRow = element('tr', {}, ...head.map(text => element('th', {}, text)));
  return element('div', { class: 'scroll' }, element('table', {}, element('thead', {}, headRow), ...body));
}
