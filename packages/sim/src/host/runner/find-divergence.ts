import { isDeepStrictEqual } from 'node:util';
import type { RunOptions, RunResult } from '../../run-result.ts';
import type { TraceEvent } from '../../trace/trace-event.ts';
import type { WorkerTarget } from './messages.ts';
import type { SeedOutcome } from './seed-outcome.ts';
import { WorkerProcess } from './worker-process.ts';

export interface DivergenceOptions {
  readonly target: WorkerTarget;
  readonly order: RunOptions;
  /** Seeds that the second process runs before, for what only differs because of what ran earlier in the same process. */
  readonly before: readonly number[];
  readonly seedDeadlineMs: number;
  /** What is different about the surroundings of the second process. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  /** Is given both runs with their traces where they differ, for a page that shows them beside each other. */
  readonly onRuns?: (one: RunResult, other: RunResult) => void;
}

/** Two runs of one seed that were not the same. */
export interface Divergence {
  readonly seed: number;
  /** The hashes of the two recorded runs: equal where the difference did not come again. */
  readonly hashes: readonly [string, string];
  /** The first event that differs; absent where the difference did not come again, or lies in the hash alone. */
  readonly index?: number;
  /** That event in both runs; one of them is absent where its run was over. */
  readonly events?: readonly [TraceEvent | undefined, TraceEvent | undefined];
  /** The last event that was the same. */
  readonly last?: TraceEvent;
  /** Whether it came only after other seeds had run in the same process: state that outlives a run, such as a module's. */
  readonly needsEarlierSeeds: boolean;
}

/** Traces are fetched in pieces: two whole ones may not fit. */
const sliceEvents = 2000;

/**
 * Runs a seed in two fresh processes with its trace kept, and looks for the first event that differs; where there is none, once
 * more, after other seeds in one of them.
 */
export async function findDivergence(options: DivergenceOptions): Promise<Divergence> {
  const fresh = await compareRuns(options, []);
  if (fresh.index !== undefined || fresh.hashes[0] !== fresh.hashes[1]) return fresh;
  return await compareRuns(options, options.before.length === 0 ? [options.order.seed] : options.before);
}

async function compareRuns(options: DivergenceOptions, before: readonly number[]): Promise<Divergence> {
  const { target, order, seedDeadlineMs, environment = {}, signal } = options;
  await using left = new WorkerProcess(target, { seedDeadlineMs });
  await using right = new WorkerProcess(target, { seedDeadlineMs, environment });
  const stop = (): void => {
    for (const worker of [left, right]) void worker[Symbol.asyncDispose]();
  };
  signal?.addEventListener('abort', stop, { once: true });
  try {
    for (const seed of before) await right.run({ options: { ...order, seed } });
    const outcomes = await Promise.all([
      left.run({ options: order, keep: 'trace' }),
      right.run({ options: order, keep: 'trace' }),
    ]);
    const [one, other] = outcomes.map(({ traceHash }: SeedOutcome) => traceHash) as [string, string];
    const found = { seed: order.seed, hashes: [one, other] as const, needsEarlierSeeds: before.length > 0 };
    if (one === other) return found;
    const difference = await firstDifference(left, right);
    if (options.onRuns !== undefined) {
      const [first, second] = outcomes as [SeedOutcome, SeedOutcome];
      options.onRuns(await resultOf(target, left, first), await resultOf(target, right, second));
    }
    return { ...found, ...difference };
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}

/** So many events of a run are shown at most. */
const shownMax = 200_000;

/** A run that another process has, as far as a page needs it. */
async function resultOf(
  { name }: WorkerTarget,
  worker: WorkerProcess,
  { verdict, error, ...outcome }: SeedOutcome,
): Promise<RunResult> {
  const trace: TraceEvent[] = [];
  while (trace.length < shownMax) {
    const events = await worker.slice(trace.length, trace.length + sliceEvents);
    if (events.length === 0) break;
    trace.push(...events);
  }
  const ended = verdict === 'died' || verdict === 'hung' ? 'error' : verdict;
  const thrown = error === undefined ? {} : { error: Object.assign(new Error(error.message), error) };
  return { ...outcome, ...thrown, verdict: ended, scenario: name, history: [], trace };
}

async function firstDifference(
  left: WorkerProcess,
  right: WorkerProcess,
): Promise<Pick<Divergence, 'index' | 'events' | 'last'>> {
  let last: TraceEvent | undefined;
  for (let from = 0; ; from += sliceEvents) {
    const [one, other] = await Promise.all([
      left.slice(from, from + sliceEvents),
      right.slice(from, from + sliceEvents),
    ]);
    const length = Math.max(one.length, other.length);
    // Equal to the end: what differs is in the hash alone.
    if (length === 0) return {};
    for (let at = 0; at < length; at++) {
      if (!isDeepStrictEqual(one[at], other[at])) {
        const events = [one[at], other[at]] as const;
        const index = one[at]?.index ?? other[at]?.index ?? from + at;
        return { index, events, ...(last === undefined ? {} : { last }) };
      }
      last = one[at];
    }
  }
}
