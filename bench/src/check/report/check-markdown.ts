import type { CheckReport, MetricReport, SubjectReport } from '../check-report.ts';
import { countsText, type Digest, digestOf, mainMetric, metricsToShow } from './digest.ts';
import {
  environmentLines,
  formatBase,
  formatChange,
  formatDuration,
  formatHead,
  formatMetricValue,
  formatPairs,
  loadWarning,
} from './figures.ts';
import { fitting, markdownCode, markdownText } from './markdown-text.ts';

/** GitHub takes 65,536 characters in a comment; the parts of a report share them. */
const charsMax = { why: 12_000, moved: 18_000, unchanged: 14_000, others: 12_000 } as const;

const outcomeMarks = { ok: '✅', regression: '❌', inconclusive: '⚠️', failed: '❌' } as const;
const verdictMarks = {
  regression: '🔴',
  inconclusive: '❔',
  possible: '🟡',
  improvement: '🟢',
  unchanged: '⚪',
} as const;

/**
 * The report for a job's summary or a pull request: the answer and why, a table of what moved, and the rest folded away. It
 * fits into a comment whatever is in the report; what had no room is counted.
 */
export function renderCheckMarkdown(report: CheckReport): string {
  const digest = digestOf(report);
  const blocks = [
    answer(report),
    facts(report, digest),
    table(digest.moved.flatMap(movedRows), charsMax.moved),
    folded(
      `${digest.unchanged.length} unchanged`,
      table(
        digest.unchanged.flatMap(subject => rowOf(subject, mainMetric(subject))),
        charsMax.unchanged,
      ),
    ),
    folded(othersTitle(report, digest), list(otherLines(report, digest), charsMax.others)),
    folded('Canaries, machine and method', methodOf(report)),
  ];
  return `${blocks.filter(block => block !== '').join('\n\n')}\n`;
}

function answer({ outcome }: CheckReport): string {
  const title = `### ${outcomeMarks[outcome.verdict]} Benchmarks: ${outcome.verdict}`;
  return `${title}\n\n${list(outcome.why.map(markdownText), charsMax.why)}`;
}

function facts(report: CheckReport, digest: Digest): string {
  const { env, outcome } = report;
  const passed = outcome.canaries.filter(canary => canary.passed).length;
  const warning = loadWarning(report);
  return [
    `${countsText(digest)}; ${passed} of ${outcome.canaries.length} canaries passed.`,
    `Head ${markdownCode(formatHead(report.head))} against base ${markdownCode(formatBase(report.base))},`,
    `${env.processes.toLocaleString('en-US')} processes in ${formatDuration(env.durationMs)}.`,
    ...(warning === undefined ? [] : [`${warning}.`]),
  ].join(' ');
}

const tableHead = [
  '| | what | | base | head | change | interval | pairs |',
  '|---|---|---|--:|--:|--:|---|--:|',
].join('\n');

function table(rows: readonly string[], chars: number): string {
  if (rows.length === 0) return '';
  const more = (count: number): string => `| | and ${count} more | | | | | | |`;
  return [tableHead, ...fitting(rows, chars, more)].join('\n');
}

function movedRows(subject: SubjectReport): string[] {
  return metricsToShow(subject).flatMap(metric => rowOf(subject, metric));
}

function rowOf({ name, presence }: SubjectReport, metric: MetricReport | undefined): string[] {
  if (metric === undefined) return [];
  const { unit, base, head, estimate, verdict } = metric;
  const change = formatChange(estimate.hl);
  const cells = [
    `${verdictMarks[verdict]} ${verdict}`,
    `${markdownCode(name)}${presence === 'new' ? ' (new)' : ''}`,
    markdownText(metric.metric),
    formatMetricValue(base, unit),
    formatMetricValue(head, unit),
    verdict === 'unchanged' ? change : `**${change}**`,
    `${formatChange(estimate.lo)} to ${formatChange(estimate.hi)}`,
    formatPairs(estimate),
  ];
  return [`| ${cells.join(' | ')} |`];
}

function othersTitle(report: CheckReport, { notCompared, added }: Digest): string {
  const counts = [
    [notCompared.length, 'not compared'],
    [added.length, 'new'],
    [report.gone.length, 'gone'],
    [report.leftOut.length, 'left out'],
    [report.notes.length, report.notes.length === 1 ? 'note' : 'notes'],
  ] as const;
  return counts
    .filter(([count]) => count > 0)
    .map(([count, what]) => `${count} ${what}`)
    .join(', ');
}

function otherLines(report: CheckReport, { notCompared, added }: Digest): string[] {
  const line = (what: string, name: string, why?: string): string =>
    `${what}: ${markdownCode(name)}${why === undefined ? '' : `: ${markdownText(why)}`}`;
  return [
    ...report.notes.map(markdownText),
    ...notCompared.map(({ status, name, why }) => line(status, name, why)),
    ...added.map(name => line('new', name, "base's suites do not have it")),
    ...report.gone.map(name => line('gone', name, "head's suites do not have it")),
    ...report.leftOut.map(({ name, why }) => line('left out', name, why)),
  ];
}

function methodOf(report: CheckReport): string {
  const canaries = report.outcome.canaries.map(({ subject, passed, why }) => {
    return `${passed ? '✅' : '❌'} ${markdownCode(subject)}: ${markdownText(why)}`;
  });
  return list([...canaries, ...environmentLines(report).map(markdownText)], charsMax.others);
}

function list(lines: readonly string[], chars: number): string {
  return fitting(
    lines.map(line => `- ${line}`),
    chars,
    count => `- and ${count} more`,
  ).join('\n');
}

/** GitHub reads Markdown in an element only after an empty line. */
function folded(title: string, content: string): string {
  return content === '' ? '' : `<details><summary>${title}</summary>\n\n${content}\n\n</details>`;
}
