import { seededRandom } from '@quorate/core';
import type { Contest } from '../plan.ts';
import { pairedRatio } from '../statistics/paired-ratio.ts';
import type { Goal, Params, ScalingGoal } from '../suite.ts';
import type { BenchRow, RatioGoalRow, RatioRow, Verdict } from './report.ts';

interface Pair {
  readonly of: BenchRow;
  readonly to: BenchRow;
  readonly kind: RatioRow['kind'];
  readonly goal?: Goal;
}

/** Closer than this, the place of the code in memory decides as much as the code. */
const aheadLeast = 1.02;

/**
 * Compares the rows of a contest: `of` with every other contender on as many threads, further pairs that goals name, and
 * every contender on n threads with itself on the fewest.
 */
export function ratioRows(contest: Contest, rows: readonly BenchRow[], seed: number): RatioRow[] {
  const usable = rows.filter(row => row.status === 'ok');
  const pairs = [...contenderPairs(contest, usable), ...threadPairs(contest, usable)];
  const ratios = pairs.flatMap(pair => {
    const ratio = ratioRow(contest.params, pair, seed);
    return ratio === undefined ? [] : [{ pair, ratio }];
  });
  return ratios.map(({ pair, ratio }) => {
    const { goal } = pair;
    if (goal === undefined) return ratio;
    if ('atMost' in goal)
      return { ...ratio, goal: { atMost: goal.atMost, verdict: atMostVerdict(ratio, goal.atMost) } };
    if ('limit' in goal) return ratio;
    const control = ratios.find(
      other => other.pair.kind === 'threads' && isScalingOf(other.pair, goal.control, goal.threads),
    );
    return { ...ratio, goal: scalingGoal(ratio, goal, control?.ratio) };
  });
}

function contenderPairs(contest: Contest, rows: readonly BenchRow[]): Pair[] {
  const { bench } = contest;
  const first = bench.of ?? Object.keys(bench.contenders)[0];
  const goals = (bench.goals ?? []).filter(goal => 'to' in goal);
  const pairs: Pair[] = [];
  for (const of of rows) {
    for (const to of rows) {
      if (of === to || of.threads !== to.threads || of.control || to.control) continue;
      const goal = goals.find(candidate => candidate.of === of.contender && candidate.to === to.contender);
      if (goal === undefined && of.contender !== first) continue;
      pairs.push({ of, to, kind: 'contender', ...(goal === undefined ? {} : { goal }) });
    }
  }
  return pairs;
}

function threadPairs(contest: Contest, rows: readonly BenchRow[]): Pair[] {
  if (contest.bench.threads === undefined) return [];
  const goals = (contest.bench.goals ?? []).filter(goal => 'threads' in goal);
  return rows.flatMap((of): Pair[] => {
    const same = rows.filter(row => row.contender === of.contender);
    const to = same.reduce((least, row) => (row.threads < least.threads ? row : least));
    if (to === of) return [];
    const goal =
      to.threads === 1 ? goals.find(g => g.of === of.contender && g.threads === of.threads) : undefined;
    return [{ of, to, kind: 'threads', ...(goal === undefined ? {} : { goal }) }];
  });
}

function isScalingOf(pair: Pair, contender: string, threads: number): boolean {
  return pair.of.contender === contender && pair.of.threads === threads && pair.to.threads === 1;
}

/** The ratio of two rows, from the rounds in which both have a value; nothing where there is none. */
function ratioRow(params: Params, { of, to, kind }: Pair, seed: number): RatioRow | undefined {
  const ofValues: number[] = [];
  const toValues: number[] = [];
  for (const { round, value } of of.samples) {
    const other = to.samples.find(sample => sample.round === round)?.value;
    if (value === null || typeof other !== 'number' || !(value > 0) || !(other > 0)) continue;
    ofValues.push(value);
    toValues.push(other);
  }
  if (ofValues.length === 0) return undefined;
  const names = [of, to].map(row => (kind === 'threads' ? onThreads(row) : row.contender)) as [
    string,
    string,
  ];
  const label = `${of.name} ${names.join(' ')} ${of.threads} ${JSON.stringify(params)}`;
  const { value, lo, hi } = pairedRatio(ofValues, toValues, seededRandom(seed).fork(label));
  const ahead = hi < 1 / aheadLeast ? names[0] : lo > aheadLeast ? names[1] : null;
  return {
    bench: of.name,
    of: names[0],
    to: names[1],
    ratio: value,
    lo,
    hi,
    params: kind === 'threads' ? params : of.params,
    unit: of.unit,
    kind,
    pairs: ofValues.length,
    ahead,
  };
}

function onThreads(row: BenchRow): string {
  return `${row.contender} on ${row.threads} ${row.threads === 1 ? 'thread' : 'threads'}`;
}

function scalingGoal(ratio: RatioRow, goal: ScalingGoal, control: RatioRow | undefined): RatioGoalRow {
  const atMost = 1 / goal.atLeast;
  const base = { atMost, atLeast: goal.atLeast };
  if (control === undefined) return { ...base, verdict: 'inconclusive', why: 'the control has no result' };
  const scaled = 1 / control.ratio;
  if (scaled < goal.atLeast) {
    const why = `the control itself scales ${scaled.toFixed(2)}x only: the machine had no ${goal.threads} free cores`;
    return { ...base, control: scaled, verdict: 'inconclusive', why };
  }
  return { ...base, control: scaled, verdict: atMostVerdict(ratio, atMost) };
}

/** Met or missed where the whole interval says so, else unclear. */
export function atMostVerdict(
  { lo, hi }: { readonly lo: number; readonly hi: number },
  atMost: number,
): Verdict {
  if (hi <= atMost) return 'met';
  return lo > atMost ? 'missed' : 'unclear';
}
