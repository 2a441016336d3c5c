import { seededRandom } from '@quorate/core';
import { checkProfiles } from '../src/check/check-profile.ts';
import type { Arm } from '../src/check/check-report.ts';
import { measureSubjects, type MeasureOptions } from '../src/check/measure-subjects.ts';
import type { SubjectRun } from '../src/check/subject-run.ts';
import { type Subject, subjectName } from '../src/check/subject.ts';
import type { Guards, Job, Sample } from '../src/measure/job.ts';
import { anyKernel, sampleOf } from './outcomes.ts';
import { gateRule, normal } from './simulated-decisions.ts';

/** Subjects whose processes are functions of the test: what is measured when, and what is made of what they find. */

/** A process that was asked for. */
export interface Asked {
  readonly job: Job;
  readonly arm: Arm;
}

/** The subject of a bench of this name. */
export function subjectOf(bench: string, part: Partial<Subject> = {}): Subject {
  const contender = '@quorate/fake';
  return {
    name: subjectName('suite', bench, contender, part.params ?? {}, undefined),
    suite: 'suite',
    url: 'file:///suite.ts',
    bench: { name: bench, contenders: { [contender]: anyKernel } },
    contender,
    params: {},
    threads: 1,
    rule: gateRule,
    presence: 'both',
    ...part,
  };
}

export const soundGuards: Guards = { linearity: 2, timesEmpty: 100, stillFalling: 0 };

/** A process that takes so long for an operation; a pilot has guards, as real ones do. */
export function timed(job: Job, nsPerOp: number, part: Partial<Sample> = {}): Sample {
  return sampleOf({
    warmupCycles: 40,
    cyclesPerChunk: 12,
    chunksPerWindow: 5,
    chunkNs: [nsPerOp * 1.2, nsPerOp, nsPerOp * 1.1],
    ...(job.pilot === true ? { guards: soundGuards } : {}),
    ...part,
  });
}

/** Processes whose time is noisy, and that take so much more on head, bench by bench. */
export function noisy(
  changes: Readonly<Record<string, number>>,
  deviation = 0.002,
): MeasureOptions['measure'] {
  const random = seededRandom('noisy');
  return async (job, arm) => {
    const change = arm === 'head' ? (changes[job.bench] ?? 0) : 0;
    return timed(job, 100 * (1 + change) * Math.exp(deviation * normal(random)));
  };
}

/** Measures all, and tells what was asked for in which order. */
export async function measureFake(
  subjects: readonly Subject[],
  measure: MeasureOptions['measure'],
  options: Partial<MeasureOptions> = {},
): Promise<{ readonly runs: SubjectRun[]; readonly asked: Asked[] }> {
  const asked: Asked[] = [];
  const runs = await measureSubjects(subjects, {
    profile: checkProfiles.gate,
    seed: 1,
    keysFile: '/keys',
    signal: new AbortController().signal,
    budgetMs: Infinity,
    nowMs: () => 0,
    ...options,
    measure: async (job, arm) => {
      asked.push({ job, arm });
      return measure(job, arm);
    },
  });
  return { runs, asked };
}
