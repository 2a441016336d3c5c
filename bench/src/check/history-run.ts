import type { Unit } from '../suite.ts';
import type { CheckReport, MetricReport, Outcome, SubjectReport } from './check-report.ts';

/** A run of the check as one line of a history; what is kept of it is for plots, and no verdict is ever made of it. */
export interface HistoryRun {
  readonly schema: 'quorate-bench-history/1';
  readonly startedAt: string;
  readonly head: CheckReport['head'];
  readonly base: CheckReport['base'];
  readonly verdict: Outcome['verdict'];
  /** Times of other machines and profiles are no part of the same curve. */
  readonly profile: 'gate' | 'headline';
  readonly cpu: string;
  readonly cores: number;
  readonly node: string;
  readonly subjects: readonly HistorySubject[];
}

/** The time (or the amount) of one subject. */
export interface HistorySubject {
  readonly name: string;
  readonly unit: Unit;
  /** Medians over the processes of each build. */
  readonly base: number;
  readonly head: number;
  readonly change: { readonly hl: number; readonly lo: number; readonly hi: number };
  readonly verdict: MetricReport['verdict'];
}

/** A report as its history keeps it. */
export function historyRunOf({ env, head, base, outcome, subjects }: CheckReport): HistoryRun {
  const { startedAt, profile, cpu, cores, node } = env;
  return {
    schema: 'quorate-bench-history/1',
    startedAt,
    head,
    base,
    verdict: outcome.verdict,
    profile,
    cpu,
    cores,
    node,
    subjects: subjects.filter(({ canary }) => canary === undefined).flatMap(historySubjectOf),
  };
}

function historySubjectOf({ name, metrics }: SubjectReport): HistorySubject[] {
  const main = metrics.find(({ kind }) => kind === 'time' || kind === 'amount');
  if (main === undefined) return [];
  const { unit, base, head, estimate, verdict } = main;
  const { hl, lo, hi } = estimate;
  return [{ name, unit, base, head, change: { hl, lo, hi }, verdict }];
}

/** A run from its line of a history; undefined where the line is none, or lacks what a plot of it takes for granted. */
export function parseHistoryRun(line: string): HistoryRun | undefined {
  try {
    const run: unknown = JSON.parse(line);
    return isRun(run) ? run : undefined;
  } catch {
    return undefined;
  }
}

const verdicts = ['ok', 'regression', 'inconclusive', 'failed'];
const profiles = ['gate', 'headline'];
const units = ['ns', 'bytes', 'count'];
const judgements = ['unchanged', 'regression', 'possible', 'improvement', 'inconclusive'];

function isRun(run: unknown): run is HistoryRun {
  if (!isRecord(run) || run['schema'] !== 'quorate-bench-history/1') return false;
  const { head, base, subjects } = run as Partial<Record<keyof HistoryRun, unknown>>;
  return (
    !Number.isNaN(Date.parse(String(run['startedAt']))) &&
    isRecord(head) &&
    (head['commit'] === null || typeof head['commit'] === 'string') &&
    isRecord(base) &&
    typeof base['commit'] === 'string' &&
    verdicts.includes(run['verdict'] as string) &&
    profiles.includes(run['profile'] as string) &&
    typeof run['cpu'] === 'string' &&
    typeof run['node'] === 'string' &&
    isNumber(run['cores']) &&
    Array.isArray(subjects) &&
    subjects.every(isSubject)
  );
}

function isSubject(subject: unknown): boolean {
  if (!isRecord(subject)) return false;
  const { name, unit, base, head, change, verdict } = subject;
  return (
    typeof name === 'string' &&
    units.includes(unit as string) &&
    isNumber(base) &&
    isNumber(head) &&
    isRecord(change) &&
    [change['hl'], change['lo'], change['hi']].every(isNumber) &&
    judgements.includes(verdict as string)
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}
