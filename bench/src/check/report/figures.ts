import { digits, formatNs, formatValue } from '../../report/format.ts';
import type { Unit } from '../../suite.ts';
import type { CheckReport, MetricReport } from '../check-report.ts';
import { formatShare } from '../format-share.ts';

/** Below these, what a person reads is nothing, whatever its sign. */
const noChange = 5e-5;
const smallCount = 0.01;
const tinyCount = 1e-4;
const smallBytes = 10;

/** A change as a signed percentage, as {@link formatShare} has it, but never a negative zero. */
export function formatChange(share: number): string {
  return formatShare(Math.abs(share) < noChange ? 0 : share);
}

/** `[+4.9 %, +5.3 %]` */
export function formatInterval({ lo, hi }: MetricReport['estimate']): string {
  return `[${formatChange(lo)}, ${formatChange(hi)}]`;
}

/** `8 pairs`, `16 fresh pairs` where they confirmed a suspicion. */
export function formatPairs({ pairs, stage }: MetricReport['estimate']): string {
  return `${pairs} ${stage === 'confirm' ? 'fresh ' : ''}${pairs === 1 ? 'pair' : 'pairs'}`;
}

/** A value of a metric with its unit. What is counted per operation can be far below one. */
export function formatMetricValue(value: number, unit: Unit): string {
  if (unit === 'bytes' && Math.abs(value) < smallBytes) return `${formatFew(value)} B`;
  return unit === 'count' ? formatFew(value) : formatValue(value, unit);
}

function formatFew(value: number): string {
  const magnitude = Math.abs(value);
  if (magnitude === 0 || magnitude >= smallCount) return digits(value);
  return magnitude < tinyCount ? value.toExponential(1) : value.toPrecision(2);
}

/** `4 min 5 s` */
export function formatDuration(ms: number): string {
  if (ms < 1000) return formatNs(ms * 1e6);
  const seconds = Math.round(ms / 1000);
  const [minutes, rest] = [Math.floor(seconds / 60), seconds % 60];
  return [minutes > 0 ? `${minutes} min` : '', rest > 0 ? `${rest} s` : ''].filter(Boolean).join(' ');
}

const commitLength = 10;

export function formatCommit(commit: string | null): string {
  return commit === null ? 'unknown' : commit.slice(0, commitLength);
}

export function formatHead({ commit, dirty }: CheckReport['head']): string {
  return `${formatCommit(commit)}${dirty === true ? ' with changes' : ''}`;
}

/** `origin/main (0123456789)`; the commit alone where that is what was asked for. */
export function formatBase({ ref, commit }: CheckReport['base']): string {
  const short = formatCommit(commit);
  return commit.startsWith(ref) ? short : `${ref} (${short})`;
}

/** What a run depended on, a line each. */
export function environmentLines({ env }: CheckReport): string[] {
  const load = env.load.map(value => value.toFixed(1)).join(' to ');
  const flags = env.flags.length === 0 ? "V8's own flags" : env.flags.join(' ');
  return [
    `${env.cpu}, ${env.cores} cores, load ${load}; ${env.os}, Node ${env.node}, V8 ${env.v8}`,
    `${env.profile} (${flags}), seed ${env.seed}, ${env.keys.count.toLocaleString('en-US')} keys from ${env.keys.source}`,
    `${env.processes.toLocaleString('en-US')} processes in ${formatDuration(env.durationMs)}, of which ${formatDuration(env.buildsMs)} for the two builds; budget ${formatDuration(env.budgetMs)}`,
    env.statistics,
  ];
}

/** Where other programs kept the processors busy, a reader should know; undefined where they did not. */
export function loadWarning({ env }: CheckReport): string | undefined {
  if (Math.max(...env.load) <= env.cores) return undefined;
  return 'The machine was busy with other things: pairs are spread further, and more of them were needed';
}
