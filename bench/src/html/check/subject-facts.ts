import type { Arm, ArmRow, SubjectReport } from '../../check/check-report.ts';
import { formatChange } from '../../check/report/figures.ts';
import { digits, formatNs } from '../../report/format.ts';
import { median } from '../../statistics/quantile.ts';
import { element, escape } from '../markup.ts';

const arms = ['base', 'head'] as const;

/** What is known of how a subject was measured: its work, guards, checksum, threads and waiting. */
export function renderFacts(subject: SubjectReport): string {
  const facts = [...workFacts(subject), ...guardFacts(subject), ...pairFacts(subject)];
  const list = facts.map(([name, value]) =>
    element('div', {}, element('dt', {}, escape(name)), element('dd', {}, escape(value))),
  );
  return element('dl', { class: 'facts' }, ...list);
}

type Fact = readonly [name: string, value: string];

function workFacts({ work, checksum, presence }: SubjectReport): Fact[] {
  const facts: Fact[] = [];
  if (work !== null && work.warmupCycles > 0) {
    const { warmupCycles, cyclesPerChunk, chunksPerWindow } = work;
    facts.push([
      'work',
      `${digits(warmupCycles)} cycles to warm up, then ${digits(cyclesPerChunk)} a chunk; ${digits(chunksPerWindow)} ${chunksPerWindow === 1 ? 'chunk' : 'chunks'} a window`,
    ]);
  }
  if (checksum !== null) facts.push(['checksum', `${checksum}, the same in all processes that are compared`]);
  if (presence === 'new') facts.push(['in base', "no: base's own suites do not have it"]);
  return facts;
}

function guardFacts({ guards }: SubjectReport): Fact[] {
  if (guards === null) return [];
  const { linearity, timesEmpty, stillFalling } = guards;
  return [
    ['twice the work', `takes ${linearity.toFixed(2)} times as long`],
    ['an operation', `takes ${digits(timesEmpty)} times as long as an empty loop's turn`],
    ['warm', `${formatChange(-stillFalling)} at the end of the warm-up`],
  ];
}

function pairFacts({ pairs }: SubjectReport): Fact[] {
  if (pairs.length === 0) return [];
  const confirming = pairs.filter(({ stage }) => stage === 'confirm').length;
  const rows = (arm: Arm): ArmRow[] => pairs.map(pair => pair[arm]);
  const each = (text: (rows: ArmRow[]) => string): string =>
    arms.map(arm => `${arm} ${text(rows(arm))}`).join(', ');
  const facts: Fact[] = [
    ['pairs', `${pairs.length - confirming} screening, ${confirming} confirming`],
    ['on a core', each(own => `${Math.round(median(own.map(({ busy }) => busy)) * 100)} % of the time`)],
  ];
  if (pairs.some(({ base, head }) => base.windows !== undefined || head.windows !== undefined)) {
    facts.push(['windows', each(windowsText)]);
  }
  const [loop] = rows('head').flatMap(({ openLoop }) => openLoop ?? []);
  if (loop !== undefined) {
    facts.push(['open loop', `${digits(loop.rate)} calls a second, ${digits(loop.calls)} in a process`]);
    facts.push(['p99 when due', each(own => latencyText(own, 'corrected'))]);
    facts.push(['p99 when made', each(own => latencyText(own, 'raw'))]);
  }
  return facts;
}

function windowsText(rows: readonly ArmRow[]): string {
  const windows = rows.flatMap(row => row.windows ?? []);
  const accepted = windows.filter(window => window.accepted);
  const share = `${accepted.length} of ${windows.length} accepted`;
  if (accepted.length === 0) return share;
  const least = Math.min(...accepted.map(({ overlap }) => overlap));
  return `${share} (overlap ${Math.floor(least * 100)} % or more)`;
}

function latencyText(rows: readonly ArmRow[], kind: 'corrected' | 'raw'): string {
  const values = rows.flatMap(({ openLoop }) => openLoop?.[kind].p99 ?? []);
  return values.length === 0 ? 'unknown' : formatNs(median(values));
}
