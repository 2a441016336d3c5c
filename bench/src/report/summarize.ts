import { seededRandom } from '@quorate/core';
import type { Sample } from '../measure/job.ts';
import type { ContestOutcome, RowOutcome } from '../run/schedule.ts';
import { bootstrap } from '../statistics/bootstrap.ts';
import { median, quantile } from '../statistics/quantile.ts';
import type { Row } from '../plan.ts';
import type { Bench } from '../suite.ts';
import { goalText } from './goal-text.ts';
import { measurementsOf } from './measurements.ts';
import { ratioRows, atMostVerdict } from './ratios.ts';
import type { BenchRow, Environment, Report, SampleRow, Spread, SuiteReport } from './report.ts';

/** Of a process's chunks: noise only ever adds time, and a quarter of them is enough to hold the usual collections. */
const quartile = 0.25;

/** The share of a row's processes that must have found something. */
const acceptedLeast = 0.6;

/** Puts the outcomes of a run together; the same outcomes and seed give the same report. */
export function summarize(
  outcomes: readonly ContestOutcome[],
  suites: readonly { readonly name: string; readonly about: string }[],
  env: Environment,
): Report {
  const reports = suites.map(({ name, about }): SuiteReport => {
    const own = outcomes.filter(({ contest }) => contest.suite === name);
    const contests = own.map(outcome => {
      const rows = outcome.rows.map(row => benchRow(outcome, row, env.seed));
      return { rows, ratios: ratioRows(outcome.contest, rows, env.seed) };
    });
    return {
      name,
      about,
      benches: contests.flatMap(({ rows }) => rows),
      ratios: contests.flatMap(({ ratios }) => ratios),
    };
  });
  return { schema: 'quorate-bench/1', env, suites: reports.filter(({ benches }) => benches.length > 0) };
}

/** What one process found, in ns per operation or bytes; undefined where none of its windows was accepted. */
export function sampleValue(sample: Sample): number | undefined {
  if (sample.quantity !== undefined) return sample.quantity;
  if (sample.cycleNs !== undefined) return sample.cycleNs;
  const accepted = sample.groupWindows.filter(window => window.accepted).map(window => window.nsPerOp);
  const values = sample.groupWindows.length > 0 ? accepted : sample.chunkNs;
  return values.length === 0 ? undefined : quantile(values, quartile);
}

function benchRow({ contest }: ContestOutcome, outcome: RowOutcome, seed: number): BenchRow {
  const { bench } = contest;
  const { contender, threads } = outcome.row;
  const samples = outcome.samples.map(sampleRow);
  const values = samples.flatMap(({ value }) => (value === null ? [] : [value]));
  const status = statusOf(outcome, values.length);
  const random = seededRandom(seed).fork(
    `${bench.name} ${contender} ${threads} ${JSON.stringify(contest.params)}`,
  );
  const spread = status.status === 'ok' ? spreadOf(bootstrap(values, median, random)) : null;
  const unit = bench.unit ?? 'ns';
  return {
    name: bench.name,
    ...(bench.about === undefined ? {} : { about: bench.about }),
    contender,
    params: bench.threads === undefined ? contest.params : { ...contest.params, threads },
    nsPerOp: unit === 'ns' ? spread : null,
    opsPerSec: unit === 'ns' && spread !== null ? 1e9 / spread.median : null,
    ...(unit !== 'ns' && spread !== null ? { amount: spread } : {}),
    unit,
    threads,
    ...status,
    ...(bench.controls?.includes(contender) === true ? { control: true as const } : {}),
    checksum: outcome.samples[0]?.sample.checksum ?? null,
    ...measurementsOf(outcome),
    ...limitGoal(bench, contender, spread),
    ...(spread === null ? unjudgedGoals(bench, outcome.row) : {}),
    samples,
  };
}

function sampleRow({ round, place, sample }: RowOutcome['samples'][number]): SampleRow {
  return {
    round,
    place,
    value: sampleValue(sample) ?? null,
    ...(sample.chunkNs.length > 0 ? { chunks: sample.chunkNs } : {}),
    ...(sample.groupWindows.length > 0 ? { windows: sample.groupWindows } : {}),
  };
}

function statusOf(outcome: RowOutcome, accepted: number): Pick<BenchRow, 'status' | 'why'> {
  if (outcome.row.skipped !== undefined) return { status: 'skipped', why: outcome.row.skipped };
  if (outcome.failure !== undefined) return { status: 'failed', why: outcome.failure };
  if (accepted >= acceptedLeast * outcome.samples.length && accepted > 0) return { status: 'ok' };
  const why = `threads ran at once in ${accepted} of ${outcome.samples.length} processes only`;
  return { status: 'inconclusive', why };
}

function limitGoal(bench: Bench, contender: string, spread: Spread | null): Pick<BenchRow, 'goal'> {
  for (const goal of bench.goals ?? []) {
    if (!('limit' in goal) || goal.of !== contender) continue;
    const verdict = spread === null ? 'inconclusive' : atMostVerdict(spread, goal.limit);
    return { goal: { limit: goal.limit, verdict } };
  }
  return {};
}

/** What cannot be said without this row must not vanish from the report. */
function unjudgedGoals(bench: Bench, row: Row): Pick<BenchRow, 'unjudged'> {
  const needing = (bench.goals ?? []).filter(goal => {
    if ('threads' in goal) {
      return goal.of === row.contender && (row.threads === goal.threads || row.threads === 1);
    }
    return 'to' in goal && (goal.of === row.contender || goal.to === row.contender);
  });
  return needing.length === 0 ? {} : { unjudged: needing.map(goal => goalText(goal, bench.unit ?? 'ns')) };
}

function spreadOf({ value, lo, hi }: { value: number; lo: number; hi: number }): Spread {
  return { median: value, lo, hi };
}
