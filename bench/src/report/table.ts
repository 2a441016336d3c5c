import { styleText } from 'node:util';
import {
  formatGoal,
  formatNs,
  formatParams,
  formatRate,
  formatRatio,
  formatRatioInterval,
  formatSpeedup,
  formatValue,
} from './format.ts';
import type { BenchRow, Environment, RatioRow, Report, SuiteReport, Verdict } from './report.ts';

type Style = 'bold' | 'dim' | 'green' | 'yellow' | 'red';
type Paint = (style: Style, text: string) => string;

/** The report as text for people: with colours on a terminal, plain without. */
export function renderTable(report: Report, colours: boolean): string {
  const paint: Paint = (style, text) => (colours ? styleText(style, text, { validateStream: false }) : text);
  const { env } = report;
  const lines = [
    ...report.suites.flatMap(suite => suiteLines(suite, paint)),
    paint(
      'dim',
      `${env.cpu}, ${env.cores} cores, Node ${env.node}, load ${env.load.map(l => l.toFixed(1)).join(' to ')}`,
    ),
    paint(
      'dim',
      `${env.profile}: ${env.rounds} processes a row, seed ${env.seed}, ${env.keys.count} keys from ${env.keys.source}, ` +
        `${Math.round(env.durationMs / 1000)} s`,
    ),
    ...busyLines(env, paint),
    '',
  ];
  return lines.join('\n');
}

/** Long operations cannot dodge other programs, short ones can. */
function busyLines(env: Environment, paint: Paint): string[] {
  if (Math.max(...env.load) <= env.cores) return [];
  const text =
    'The machine was busy with other things: ratios of operations that take milliseconds flatter the faster.';
  return [paint('yellow', text)];
}

function suiteLines(suite: SuiteReport, paint: Paint): string[] {
  const lines = [`${paint('bold', suite.name)}  ${suite.about}`, ''];
  for (const group of contestsOf(suite)) {
    const [first] = group.rows as [BenchRow];
    const { threads: _, ...params } = first.params;
    const title = `${paint('bold', first.name)}  ${formatParams(params)}`.trimEnd();
    lines.push(`  ${title}`);
    if (first.about !== undefined) lines.push(`  ${paint('dim', first.about)}`);
    lines.push(...align(group.rows.map(row => rowCells(row, group.ratios))).map(line => `    ${line}`));
    lines.push(...group.rows.flatMap(row => noteLines(row, paint)));
    lines.push(...group.ratios.flatMap(ratio => ratioLines(ratio, first.name, paint)));
    lines.push('');
  }
  return lines;
}

/** The rows and ratios that belong together: one bench with one set of parameters. */
export function contestsOf(suite: SuiteReport): { rows: BenchRow[]; ratios: RatioRow[] }[] {
  const contests = new Map<string, { rows: BenchRow[]; ratios: RatioRow[] }>();
  for (const row of suite.benches) {
    const key = contestKey(row.name, row.params);
    const contest = contests.get(key) ?? { rows: [], ratios: [] };
    contest.rows.push(row);
    contests.set(key, contest);
  }
  for (const ratio of suite.ratios) contests.get(contestKey(ratio.bench, ratio.params))?.ratios.push(ratio);
  return [...contests.values()];
}

function contestKey(bench: string, params: BenchRow['params']): string {
  const { threads: _, ...rest } = params;
  return `${bench} ${JSON.stringify(rest)}`;
}

function rowCells(row: BenchRow, ratios: readonly RatioRow[]): string[] {
  const name =
    row.params['threads'] === undefined ? row.contender : `${row.contender}, ${row.threads} threads`;
  const spread = row.nsPerOp ?? row.amount;
  if (spread === undefined || spread === null) return [name, row.status, '', '', ''];
  const ratio = ratios.find(r => r.kind === 'contender' && r.to === row.contender && sameThreads(r, row));
  return [
    row.control === true ? `${name} (control)` : name,
    formatValue(spread.median, row.unit),
    `[${formatValue(spread.lo, row.unit)}, ${formatValue(spread.hi, row.unit)}]`,
    row.opsPerSec === null ? '' : formatRate(row.opsPerSec),
    ratio === undefined ? '' : `${ratio.of} ÷ this ${formatRatio(ratio.ratio)}`,
  ];
}

function sameThreads(ratio: RatioRow, row: BenchRow): boolean {
  return ratio.params['threads'] === row.params['threads'];
}

function noteLines(row: BenchRow, paint: Paint): string[] {
  const lines: string[] = [];
  const name =
    row.params['threads'] === undefined ? row.contender : `${row.contender}, ${row.threads} threads`;
  if (row.status !== 'ok') {
    const style = row.status === 'failed' ? 'red' : row.status === 'skipped' ? 'dim' : 'yellow';
    lines.push(`    ${paint(style, `${row.status}: ${name}: ${row.why}`)}`);
  }
  for (const goal of row.unjudged ?? [])
    lines.push(`    ${paint('yellow', `goal: ${goal}: inconclusive (no result)`)}`);
  if (row.latencyNs !== undefined) {
    const { p50, p99, p999 } = row.latencyNs;
    const latency = `p50 ${formatNs(p50)}, p99 ${formatNs(p99)}, p99.9 ${formatNs(p999)}`;
    lines.push(`    ${paint('dim', `${name}: single calls ${latency}`)}`);
  }
  if (row.openLoopNs !== undefined) {
    const { rate, corrected, raw } = row.openLoopNs;
    const latency = `p50 ${formatNs(corrected.p50)}, p99 ${formatNs(corrected.p99)} since a call was due`;
    const text = `${rate} calls a second: ${latency}; p99 ${formatNs(raw.p99)} since it was made`;
    lines.push(`    ${paint('dim', `${name}: ${text}`)}`);
  }
  if (row.countsPerOp !== undefined) {
    const counts = Object.entries(row.countsPerOp).map(
      ([count, amount]) => `${count} ${amount === 0 ? 0 : amount.toPrecision(2)}`,
    );
    lines.push(`    ${paint('dim', `${name}: per operation ${counts.join(', ')}`)}`);
  }
  if (row.overlap !== undefined && row.threads > 1) {
    const { least, rejected } = row.overlap;
    const busy = row.busy === undefined ? '' : `, on a core ${Math.round(row.busy * 100)} % of the time`;
    const overlap = `threads overlapped ${Math.round(least * 100)} % or more, ${rejected} windows rejected${busy}`;
    lines.push(`    ${paint('dim', `${name}: ${overlap}`)}`);
  }
  if (row.goal !== undefined) {
    const text = `goal: ${name} ≤ ${formatValue(row.goal.limit, row.unit)}: ${row.goal.verdict}`;
    lines.push(`    ${paint(verdictStyle(row.goal.verdict), text)}`);
  }
  return lines;
}

function ratioLines(ratio: RatioRow, bench: string, paint: Paint): string[] {
  const lines: string[] = [];
  if (ratio.kind === 'threads') {
    const speedup = formatSpeedup(ratio);
    lines.push(`    ${ratio.of}: ${speedup} the rate of ${ratio.to}`);
  }
  if (ratio.goal !== undefined) {
    const why = ratio.goal.why === undefined ? '' : ` (${ratio.goal.why})`;
    const measured = ratio.kind === 'threads' ? '' : `, measured ${formatRatioInterval(ratio)}`;
    const text = `goal: ${ratio.of} / ${ratio.to} ${formatGoal(ratio.goal)}${measured}: ${ratio.goal.verdict}${why}`;
    lines.push(`    ${paint(verdictStyle(ratio.goal.verdict), text)}`);
  }
  if (ratio.kind === 'contender' && ratio.ahead === ratio.to) {
    const word = ratio.unit === 'ns' ? 'faster' : 'smaller';
    const text = `${ratio.to} is ${ratio.ratio.toFixed(2)}x ${word} than ${ratio.of} in ${bench}`;
    lines.push(`    ${paint('yellow', `${text} [${ratio.lo.toFixed(2)}, ${ratio.hi.toFixed(2)}]`)}`);
  }
  return lines;
}

function verdictStyle(verdict: Verdict): Style {
  if (verdict === 'met') return 'green';
  return verdict === 'missed' ? 'red' : 'yellow';
}

/** Pads cells to columns: the first to the left, the others to the right. */
function align(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map(row => (row[column] ?? '').length)));
  return rows.map(row =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
}
