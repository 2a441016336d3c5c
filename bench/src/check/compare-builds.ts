import { writeFileSync } from 'node:fs';
import { arch, availableParallelism, cpus, loadavg, release, type } from 'node:os';
import { join } from 'node:path';
import type { FoundSuite } from '../discover.ts';
import type { LoadedKeys } from '../input/load-keys.ts';
import type { Job, Sample } from '../measure/job.ts';
import { type Contest, fitToKeys } from '../plan.ts';
import { sampleInProcess } from '../run/sample-process.ts';
import type { Rule } from '../statistics/decide.ts';
import type { BaseBuild } from './base-build.ts';
import { baseNames } from './base-names.ts';
import type { CheckProfile } from './check-profile.ts';
import type { Arm, CheckEnvironment, CheckReport } from './check-report.ts';
import { findLacks } from './find-lacks.ts';
import type { HeadBuild } from './head-build.ts';
import { measureSubjects } from './measure-subjects.ts';
import { outcomeOf } from './outcome.ts';
import { canaries, planCheck } from './plan-check.ts';
import { subjectReports } from './subject-report.ts';
import { type Variant, variantOptions } from './variant.ts';

export interface CompareOptions {
  readonly contests: readonly Contest[];
  readonly base: Pick<BaseBuild, 'ref' | 'commit' | 'root'>;
  /** What is checked out, and the copy of it that is measured: its harness and its suites run both builds. */
  readonly head: CheckReport['head'] & Pick<HeadBuild, 'root' | 'harness'>;
  /** How long it took to make both builds. */
  readonly buildsMs: number;
  /** All suites of head; `canary` is among them. */
  readonly suites: readonly FoundSuite[];
  /** What the command line asked for; empty for everything. */
  readonly filters: readonly string[];
  readonly profile: CheckProfile;
  readonly rule: Rule;
  readonly budgetMs: number;
  readonly seed: number;
  readonly input: LoadedKeys;
  /** A folder for what measured processes read. */
  readonly folder: string;
  readonly signal: AbortSignal;
  /** Hears what is being done before the first pair, as the beginning of a sentence. */
  readonly onStep?: (what: string) => void;
  readonly onProgress?: (label: string, taken: number, expected: number) => void;
}

/** Measures what head and base have in common, and says what changed. */
export async function compareBuilds(options: CompareOptions): Promise<CheckReport> {
  const { base, rule, signal, seed, input } = options;
  const observed = observe(options);
  const contests = fitToKeys(options.contests, input.keys.length);
  const names = await baseNames(base.root, signal);
  const { notes } = names;
  const plan = planCheck(contests, { rule, cores: availableParallelism(), presence: names.presence });
  const canary = options.suites.filter(({ suite }) => suite.name === 'canary');
  if (canary.length === 0) throw new Error('Suite "canary" must be there: received none');
  let processes = 0;
  const measure = await measurer(options);
  const measured = [...canary.flatMap(found => canaries(found, rule)), ...plan.subjects];
  options.onStep?.(`Finds out how much work each of ${measured.length} benches takes`);
  const runs = await measureSubjects(measured, {
    ...options,
    keysFile: join(options.folder, 'keys'),
    nowMs: () => performance.now(),
    measure: async (job, arm) => {
      processes += 1;
      return measure(job, arm);
    },
    onPair: (run, taken, expected) => options.onProgress?.(run.subject.name, taken, expected),
  });
  const subjects = subjectReports(runs, seed);
  return {
    schema: 'quorate-bench-check/1',
    env: observed(input, processes),
    base: { ref: base.ref, commit: base.commit },
    head: { commit: options.head.commit, dirty: options.head.dirty },
    outcome: outcomeOf(subjects),
    subjects,
    gone: names.gone(options.suites, options.filters),
    leftOut: plan.leftOut,
    notes: runs.some(run => run.next !== 'stop') ? [...notes, timeWasUp(options.budgetMs)] : notes,
  };
}

function timeWasUp(budgetMs: number): string {
  return `The budget of ${Math.round(budgetMs / 1000)} s was used up before all pairs were taken`;
}

/** Starts a process on one of the builds; everything but what the packages of the workspace lead to is the same. */
async function measurer({
  base,
  head,
  contests,
  profile,
  input,
  folder,
  signal,
}: CompareOptions): Promise<(job: Job, arm: Arm) => Promise<Sample>> {
  writeFileSync(join(folder, 'keys'), `${input.keys.join('\n')}\n`);
  const variants: Record<Arm, Variant> = {
    base: { arm: 'base', root: base.root, label: `${base.ref} (${base.commit.slice(0, 10)})` },
    head: { arm: 'head', root: head.root, label: 'head' },
  };
  const suites = [...new Set(contests.map(({ url }) => url))];
  const { harness } = head;
  const lacks = await findLacks({ ...variants, suites, harness, signal });
  const { deadlineMs } = profile;
  const sampleOptions = { signal, harness, deadlineMs, cacheFolder: join(folder, 'cache') };
  return async (job, arm) => {
    const { flags, environment } = variantOptions({ ...variants[arm], lacks }, harness);
    return sampleInProcess(job, { ...sampleOptions, environment, flags: [...profile.flags, ...flags] });
  };
}

const statistics =
  "Value of a process: its best chunk, or the sum of the best times of a cycle's calls (gate), the lower quartile of them " +
  '(headline); in thread groups the median of its windows. Change: median of the logarithms of every head / every base ' +
  '(Hodges-Lehmann), 99 % percentile bootstrap over pairs. Regression: above the least effect in the screening and again in ' +
  "fresh pairs, whose one-sided p-value by exchanges within pairs passes Holm's correction for all comparisons of the run.";

/** Call the result when the run is over. */
function observe(options: CompareOptions): (input: LoadedKeys, processes: number) => CheckEnvironment {
  const { profile, seed, budgetMs, buildsMs } = options;
  const startedMs = Date.now() - buildsMs;
  const loadBefore = loadavg()[0] ?? 0;
  return ({ source, keys, digest }, processes) => ({
    startedAt: new Date(startedMs).toISOString(),
    durationMs: Math.round(Date.now() - startedMs),
    buildsMs: Math.round(buildsMs),
    node: process.version,
    v8: process.versions.v8,
    os: `${type()} ${release()} ${arch()}`,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    load: [loadBefore, loadavg()[0] ?? 0],
    profile: profile.name,
    flags: profile.flags,
    seed,
    budgetMs,
    keys: { source, count: keys.length, digest },
    processes,
    statistics,
  });
}
