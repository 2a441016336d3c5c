import { cpus, loadavg } from 'node:os';
import { type Random, seededRandom } from '@quorate/core';
import type { CheckProfile } from '../check/check-profile.ts';
import type { Arm, SubjectReport } from '../check/check-report.ts';
import { measureSubjects } from '../check/measure-subjects.ts';
import { logPairs } from '../check/metrics.ts';
import { outcomeOf } from '../check/outcome.ts';
import { canaries } from '../check/plan-check.ts';
import { subjectReports } from '../check/subject-report.ts';
import type { FoundSuite } from '../discover.ts';
import type { Job, Sample } from '../measure/job.ts';
import type { Rule } from '../statistics/decide.ts';
import type { Comparison, Condition, PairLogs, ValidationRun } from './validation-run.ts';
import { drawChange, type KnownSubject, validationSubjects } from './validation-subjects.ts';

export interface RunOnceOptions {
  readonly kind: ValidationRun['kind'];
  readonly condition: Condition;
  readonly seed: number;
  readonly method: string;
  readonly suites: readonly FoundSuite[];
  readonly profile: CheckProfile;
  readonly rule: Rule;
  readonly keysFile: string;
  readonly measure: (job: Job, arm: Arm) => Promise<Sample>;
  readonly signal: AbortSignal;
}

/** A check must be done by then, whatever the neighbours do. */
const budgetMs = 20 * 60_000;

/** One whole run of the check, on benches whose truth is known. */
export async function runOnce(options: RunOnceOptions): Promise<ValidationRun> {
  const { kind, condition, seed, method, profile, rule } = options;
  const known = knownSubjects(options, seededRandom(seed).fork('changes'));
  const startedAt = new Date();
  const loadBefore = loadavg()[0] ?? 0;
  const startMs = performance.now();
  let processes = 0;
  const runs = await measureSubjects(
    [...canaries(suiteNamed(options.suites, 'canary'), rule), ...known.map(({ subject }) => subject)],
    {
      ...options,
      profile,
      budgetMs,
      nowMs: () => performance.now(),
      measure: async (job, arm) => {
        processes += 1;
        return options.measure(job, arm);
      },
    },
  );
  const reports = subjectReports(runs, seed);
  const outcome = outcomeOf(reports);
  return {
    schema: 'quorate-bench-validation/2',
    startedAt: startedAt.toISOString(),
    seconds: Math.round((performance.now() - startMs) / 100) / 10,
    condition,
    kind,
    seed,
    node: process.version,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    load: [loadBefore, loadavg()[0] ?? 0],
    method,
    processes,
    exitCode: outcome.exitCode,
    canariesPassed: outcome.canaries.every(({ passed }) => passed),
    family: reports
      .filter(({ canary }) => canary === undefined)
      .reduce((sum, { metrics }) => sum + metrics.length, 0),
    canaries: outcome.canaries.map(({ why }) => why),
    comparisons: known.map(entry => comparisonOf(entry, reports)),
    others: othersOf(reports),
  };
}

function knownSubjects({ kind, suites, rule }: RunOnceOptions, random: Random): KnownSubject[] {
  return validationSubjects(suiteNamed(suites, 'validation'), rule, () =>
    kind === 'same' ? 0 : drawChange(random),
  );
}

function suiteNamed(suites: readonly FoundSuite[], name: string): FoundSuite {
  const found = suites.find(({ suite }) => suite.name === name);
  if (found === undefined) throw new Error(`Suite "${name}" must be there: received none`);
  return found;
}

function comparisonOf({ subject, percent }: KnownSubject, reports: readonly SubjectReport[]): Comparison {
  const report = reports.find(({ name }) => name === subject.name);
  const time = report?.metrics.find(({ kind }) => kind === 'time');
  const origin = Math.log(report?.pairs[0]?.base.values['time'] ?? 1);
  const series = (stage: 'screen' | 'confirm'): PairLogs => {
    const pairs = (report?.pairs ?? []).filter(pair => pair.stage === stage);
    const values = pairs.map(({ base, head }) => ({ base: base.values, head: head.values }));
    const logs = logPairs(values, { metric: 'time', floor: 0 });
    const round = (log: number): number => Math.round((log - origin) * 10_000);
    return { base: logs.map(({ base }) => round(base)), head: logs.map(({ head }) => round(head)) };
  };
  return {
    bench: subject.bench.name,
    truth: percent,
    verdict: report?.status === 'compared' && time !== undefined ? time.verdict : 'failed',
    screen: series('screen'),
    confirm: series('confirm'),
  };
}

function othersOf(reports: readonly SubjectReport[]): string[] {
  return reports.flatMap(({ name, status, why, metrics }) => [
    ...(status === 'compared' ? [] : [`${name}: ${status}: ${why ?? ''}`]),
    ...metrics
      .filter(({ kind, verdict }) => kind !== 'time' && verdict !== 'unchanged')
      .map(({ metric, verdict }) => `${name}, ${metric}: ${verdict}`),
  ]);
}
