import type { FoundSuite } from '../discover.ts';
import type { Contest, Row } from '../plan.ts';
import type { Rule } from '../statistics/decide.ts';
import type { Bench } from '../suite.ts';
import type { Subject } from './subject.ts';
import { subjectName } from './subject.ts';

/** What a check compares, and what it leaves out of what was asked for. */
export interface CheckPlan {
  readonly subjects: readonly Subject[];
  readonly leftOut: readonly { readonly name: string; readonly why: string }[];
}

export interface CheckPlanOptions {
  /** Of single-threaded time; benches may set one of their own. */
  readonly rule: Rule;
  /** Whether base's own suites have it; absent where nothing is known of base. */
  readonly presence?: (suite: string, bench: string, contender: string) => Subject['presence'];
  /** Threads that can run at once: larger groups measure the scheduler. */
  readonly cores: number;
}

/** Where threads wait for each other, two processes of one build differ by several percent; alone in a group, a thread does not. */
const contentionEffect = 0.25;
const aloneEffect = 0.05;

const ours = '@quorate/';

/** The suite of the canaries. */
const canarySuite = 'canary';
/** Slowdowns of the canaries are a whole number of thousandths, as so many units of work are in a call. */
const canarySteps = 1000;

/** The contenders that are compared, of all contests that were asked for. */
export function planCheck(contests: readonly Contest[], options: CheckPlanOptions): CheckPlan {
  const subjects: Subject[] = [];
  const leftOut = new Map<string, string>();
  for (const contest of contests) {
    const why = reasonAgainstBench(contest);
    if (why !== undefined) {
      // Once, however many parameters it has.
      leftOut.set(subjectName(contest.suite, contest.bench.name, '', {}, undefined), why);
      continue;
    }
    for (const row of contest.rows.filter(({ contender }) => isChecked(contest.bench, contender))) {
      const whyNot = reasonAgainst(row, options.cores);
      if (whyNot === undefined) subjects.push(subjectOf(contest, row, options));
      else leftOut.set(nameOf(contest, row), whyNot);
    }
  }
  return { subjects, leftOut: [...leftOut].map(([name, why]) => ({ name, why })) };
}

function reasonAgainstBench({ suite, bench, rows }: Contest): string | undefined {
  if (suite === canarySuite) return 'it is in every run, as its canary';
  if (bench.unchecked !== undefined) return bench.unchecked;
  const isOurs = rows.some(({ contender }) => isChecked(bench, contender));
  return isOurs ? undefined : 'none of its contenders is ours';
}

function isChecked(bench: Bench, contender: string): boolean {
  return bench.checked?.includes(contender) ?? contender.startsWith(ours);
}

function reasonAgainst({ skipped, threads }: Row, cores: number): string | undefined {
  if (skipped !== undefined) return skipped;
  return threads > cores ? `more threads than the ${cores} cores: they would take turns` : undefined;
}

function subjectOf(contest: Contest, { contender, threads }: Row, options: CheckPlanOptions): Subject {
  const { suite, url, bench, params } = contest;
  return {
    name: nameOf(contest, { contender, threads }),
    suite,
    url,
    bench,
    contender,
    params,
    threads,
    rule: {
      ...options.rule,
      ...fewPairs(bench, options.rule),
      minEffect: leastEffect(bench, threads, options.rule),
    },
    presence: options.presence?.(suite, bench.name, contender) ?? null,
  };
}

function nameOf({ suite, bench, params }: Contest, { contender, threads }: Row): string {
  const inGroup = bench.threads !== undefined;
  return subjectName(suite, bench.name, contender, params, inGroup ? threads : undefined);
}

/** Amounts hardly differ from process to process, so they are looked at sooner. */
function fewPairs({ unit = 'ns' }: Bench, { firstPairs }: Rule): Pick<Rule, 'firstPairs'> {
  return { firstPairs: unit === 'ns' ? firstPairs : Math.min(2, firstPairs) };
}

function leastEffect(bench: Bench, threads: number, rule: Rule): number {
  if (bench.minEffect !== undefined) return bench.minEffect;
  if (bench.blocking === true || threads > 1) return Math.max(contentionEffect, rule.minEffect);
  return bench.threads === undefined ? rule.minEffect : Math.max(aloneEffect, rule.minEffect);
}

/**
 * The subjects whose truth is known: the same work in both builds, and twice the least effect more of it in head, or up to a
 * thousandth more than that.
 *
 * @param suite the suite `canary`, whose kernel takes the slowdown in percent as a parameter
 */
export function canaries({ suite, url }: FoundSuite, rule: Rule): Subject[] {
  const [bench] = suite.benches;
  const [contender] = Object.keys(bench?.contenders ?? {});
  if (bench === undefined || contender === undefined) {
    throw new Error(`Suite "${suite.name}" must have a bench with a contender: received none`);
  }
  // What was computed may be off in its last digits.
  const steps = Math.ceil(2 * rule.minEffect * canarySteps - 1e-6);
  return [0, steps / canarySteps].map(truth => {
    const slowdown = (truth * canarySteps) / 10;
    return {
      name: subjectName(suite.name, bench.name, contender, { slowdown }, undefined),
      suite: suite.name,
      url,
      bench,
      contender,
      params: { slowdown },
      armParams: { base: { slowdown: 0 } },
      threads: 1,
      rule,
      truth,
      presence: null,
    };
  });
}
