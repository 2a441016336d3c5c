import { type Random, seededRandom } from '@quorate/core';
import { checkProfiles } from '../src/check/check-profile.ts';
import type { Arm, CheckReport } from '../src/check/check-report.ts';
import { measureSubjects } from '../src/check/measure-subjects.ts';
import { outcomeOf } from '../src/check/outcome.ts';
import { type Subject, subjectName } from '../src/check/subject.ts';
import { subjectReports } from '../src/check/subject-report.ts';
import type { Counts, Job, OpenLoop, Sample } from '../src/measure/job.ts';
import { quantile } from '../src/statistics/quantile.ts';
import type { Params, Unit } from '../src/suite.ts';
import { anyKernel, sampleOf } from './outcomes.ts';

/**
 * Reports of checks whose processes are made up and whose everything else is real: pairs, metrics, verdicts and the outcome
 * come from the code that makes them in a run.
 */

/** What the made-up processes of a subject find. Shares: 0.05 is 5 %. */
export interface MadeSubject {
  /** `suite/bench`. */
  readonly name: string;
  readonly contender?: string;
  readonly about?: string;
  readonly params?: Params;
  /** Makes it a thread group's. */
  readonly threads?: number;
  readonly presence?: Subject['presence'];
  /** A known truth; also the change, unless one is given. */
  readonly canary?: number;
  /** What base takes, ns per operation, or the amount where a unit is given. */
  readonly base?: number;
  readonly unit?: Unit;
  /** What head really takes more. */
  readonly change?: number;
  /** Standard deviation between processes of one build. */
  readonly noise?: number;
  /** How much slower the machine is at the end of 200 turns. */
  readonly drift?: number;
  /** Every second process, by chance, is slower by this: what V8 does with its own flags. */
  readonly mode?: number;
  /** Exactly so many pairs for the screening. */
  readonly pairs?: number;
  readonly minEffect?: number;
  readonly bytes?: Made;
  readonly collections?: Made;
  readonly counts?: Readonly<Record<string, Made>>;
  /** Of calls at a rate, the median; ns. */
  readonly latency?: Made;
  /** The build that throws, and what. */
  readonly throws?: { readonly arm: Arm; readonly message: string };
  /** No window of its threads is accepted. */
  readonly neverOverlaps?: boolean;
}

export interface Made {
  readonly base: number;
  readonly change?: number;
}

export interface MadeReport {
  readonly seed?: number;
  readonly alpha?: number;
  readonly profile?: 'gate' | 'headline';
  /** No pair is taken after so many. */
  readonly turns?: number;
  readonly env?: Partial<CheckReport['env']>;
  readonly head?: CheckReport['head'];
  readonly base?: CheckReport['base'];
  readonly gone?: CheckReport['gone'];
  readonly leftOut?: CheckReport['leftOut'];
  readonly notes?: CheckReport['notes'];
}

/** Both canaries as they are where the machine is quiet. */
export const soundCanaries: readonly MadeSubject[] = [0, 0.05].map(canary => ({
  name: 'canary/lookup',
  contender: '@quorate/bench canary',
  params: { slowdown: canary * 100 },
  base: 130,
  canary,
}));

export async function reportOf(made: readonly MadeSubject[], options: MadeReport = {}): Promise<CheckReport> {
  const { seed = 1, alpha = 0.01, profile: profileName = 'gate', turns = Infinity } = options;
  const profile = checkProfiles[profileName];
  const subjects = made.map((subject, index) => subjectOf(subject, index, profileName, alpha));
  const noise = seededRandom(seed).fork('noise');
  let turn = 0;
  const runs = await measureSubjects(subjects, {
    profile,
    seed,
    keysFile: 'keys',
    measure: async (job, arm) => madeSample(made[Number(job.url)] as MadeSubject, job, arm, turn, noise),
    signal: new AbortController().signal,
    budgetMs: turns,
    nowMs: () => turn,
    onPair: (_, taken) => (turn = taken),
  });
  const reports = subjectReports(runs, seed);
  return {
    schema: 'quorate-bench-check/1',
    env: { ...environmentOf(profileName, seed, turn), ...options.env },
    base: options.base ?? { ref: 'origin/main', commit: 'b'.repeat(40) },
    head: options.head ?? { commit: 'a'.repeat(40), dirty: false },
    outcome: outcomeOf(reports),
    subjects: reports,
    gone: options.gone ?? [],
    leftOut: options.leftOut ?? [],
    notes: options.notes ?? [],
  };
}

function subjectOf(made: MadeSubject, index: number, profile: 'gate' | 'headline', alpha: number): Subject {
  const [suite = '', bench = ''] = made.name.split('/');
  const { contender = '@quorate/ring', params = {}, threads, unit = 'ns', pairs } = made;
  const { firstPairs, mostPairs, confirmPairs } = checkProfiles[profile];
  const minEffect = made.minEffect ?? (threads === undefined ? 0.025 : 0.25);
  return {
    name: subjectName(suite, bench, contender, params, threads),
    suite,
    url: String(index),
    bench: {
      name: bench,
      ...(made.about === undefined ? {} : { about: made.about }),
      ...(threads === undefined ? {} : { threads: [threads] }),
      unit,
      contenders: { [contender]: anyKernel },
    },
    contender,
    params,
    threads: threads ?? 1,
    rule: { minEffect, alpha, confirmPairs, firstPairs: pairs ?? firstPairs, mostPairs: pairs ?? mostPairs },
    ...(made.canary === undefined ? {} : { truth: made.canary }),
    presence: made.presence ?? (made.canary === undefined ? 'both' : null),
  };
}

/** What a process of one build finds. */
function madeSample(made: MadeSubject, job: Job, arm: Arm, turn: number, random: Random): Sample {
  if (made.throws?.arm === arm) throw new Error(made.throws.message);
  const { noise = 0.002, drift = 0, mode = 0, base = 100, change = made.canary ?? 0 } = made;
  const own = (arm === 'head' ? 1 + change : 1) * (random.below(2) === 0 ? 1 : 1 + mode);
  const best = base * own * (1 + (drift * turn) / 200) * Math.exp(noise * normal(random));
  const common = {
    warmupCycles: job.warmupCycles ?? 400,
    cyclesPerChunk: 20,
    chunksPerWindow: 24,
    busy: 1 - 0.04 * random.float(),
  };
  if (made.unit === 'bytes' || made.unit === 'count') return sampleOf({ ...common, quantity: best });
  const counts = countsOf(made, arm, random);
  if (job.inGroup) {
    const groupWindows = Array.from({ length: 3 }, () => {
      const overlap = made.neverOverlaps === true ? 0.4 : 0.93 + 0.07 * random.float();
      const nsPerOp = best * (1 + 0.1 * random.float());
      return { nsPerOp, overlap, busy: common.busy, accepted: overlap >= 0.9, ...counts };
    });
    return sampleOf({ ...common, groupWindows });
  }
  return sampleOf({
    ...common,
    ...counts,
    ...accountOf(made, arm),
    ...latencyOf(made, arm, random),
    chunkNs: chunksOf(best, random),
    ...(job.pilot === true
      ? { guards: { linearity: 2 + 0.02 * normal(random), timesEmpty: base / 0.4, stillFalling: 0.001 } }
      : {}),
  });
}

/** One chunk escapes the other programs; some meet them. */
function chunksOf(best: number, random: Random): number[] {
  const lucky = random.below(24);
  return Array.from({ length: 24 }, (_, index) => {
    if (index === lucky) return best;
    const met = random.below(8) === 0 ? 0.4 * random.float() : 0;
    return best * (1 - 0.01 * Math.log(1 - random.float()) + met);
  });
}

function valueOf({ base, change = 0 }: Made, arm: Arm): number {
  return base * (arm === 'head' ? 1 + change : 1);
}

function countsOf(made: MadeSubject, arm: Arm, random: Random): { counts?: Counts } {
  if (made.counts === undefined) return {};
  const counts = Object.entries(made.counts).map(([name, count]) => {
    return [name, valueOf(count, arm) * (1 + 0.02 * random.float())] as const;
  });
  return { counts: Object.fromEntries(counts) };
}

function accountOf({ bytes, collections }: MadeSubject, arm: Arm): Pick<Sample, 'account'> {
  if (bytes === undefined) return {};
  const collected = collections === undefined ? {} : { collectionsPerOp: valueOf(collections, arm) };
  return { account: { bytesPerOp: valueOf(bytes, arm), ...collected, ops: 100_000 } };
}

function latencyOf({ latency }: MadeSubject, arm: Arm, random: Random): { openLoop?: OpenLoop } {
  if (latency === undefined) return {};
  const waits = Array.from({ length: 400 }, () => valueOf(latency, arm) * (1 - Math.log(1 - random.float())));
  const figures = (factor: number) => {
    const [p50 = 0, p99 = 0, p999 = 0, most = 0] = [0.5, 0.99, 0.999, 1].map(
      q => factor * quantile(waits, q),
    );
    return { p50, p99, p999, most };
  };
  return { openLoop: { rate: 2000, calls: 400, corrected: figures(1), raw: figures(0.6) } };
}

/** Box and Muller's. */
function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random.float())) * Math.cos(2 * Math.PI * random.float());
}

function environmentOf(profile: 'gate' | 'headline', seed: number, pairs: number): CheckReport['env'] {
  return {
    startedAt: '2026-01-02T03:04:05.678Z',
    durationMs: 123_456,
    buildsMs: 4567,
    node: 'v26.0.0',
    v8: '14',
    os: 'Linux 6 x64',
    cpu: 'A <fast> one',
    cores: 2,
    load: [0.5, 1.25],
    profile,
    flags: checkProfiles[profile].flags,
    seed,
    budgetMs: 480_000,
    keys: { source: 'words', count: 100_000, digest: 'd'.repeat(64) },
    processes: 2 * pairs,
    statistics: 'made up',
  };
}
