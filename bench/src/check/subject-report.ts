import type { SubjectReport } from './check-report.ts';
import { judgeMetrics } from './judge-metrics.ts';
import type { SubjectRun } from './subject-run.ts';

/** What is reported of all subjects of a run; the verdicts come from the pairs alone. */
export function subjectReports(runs: readonly SubjectRun[], seed: number): SubjectReport[] {
  const measured = runs.map(({ subject, metrics, pairs, trouble }) => ({
    name: subject.name,
    metrics,
    pairs: trouble === undefined ? pairs : [],
    canary: subject.truth !== undefined,
  }));
  const judged = judgeMetrics(measured, seed);
  return runs.map((run, index): SubjectReport => {
    const { subject, pilot, pairs } = run;
    return {
      name: subject.name,
      suite: subject.suite,
      bench: subject.bench.name,
      ...(subject.bench.about === undefined ? {} : { about: subject.bench.about }),
      contender: subject.contender,
      params: subject.params,
      threads: subject.threads,
      inGroup: subject.bench.threads !== undefined,
      ...(subject.truth === undefined ? {} : { canary: subject.truth }),
      presence: subject.presence,
      ...statusOf(run),
      checksum: pilot?.checksum ?? null,
      work:
        pilot === undefined
          ? null
          : {
              warmupCycles: pilot.warmupCycles,
              cyclesPerChunk: pilot.cyclesPerChunk,
              chunksPerWindow: pilot.chunksPerWindow,
            },
      guards: pilot?.guards ?? null,
      pairs,
      metrics: judged[index] ?? [],
    };
  });
}

function statusOf({ trouble, pairs, subject }: SubjectRun): Pick<SubjectReport, 'status' | 'why'> {
  if (trouble !== undefined) return trouble;
  if (pairs.length === 0) return { status: 'unmeasured', why: 'the time was up before its first pair' };
  const usable = pairs.filter(({ base, head }) => isUsable(base.values) && isUsable(head.values)).length;
  if (usable > 0) return { status: 'compared' };
  return {
    status: 'unmeasured',
    why: `its ${subject.threads} threads ran at once in none of ${pairs.length} pairs of processes`,
  };
}

function isUsable(values: Readonly<Record<string, number>>): boolean {
  return 'time' in values || 'amount' in values;
}
