import type { WaitOptions } from '@quorate/core';
import { systemClock } from '@quorate/core';
import { type CampaignEnd, runCampaign } from './campaign.ts';
import { type Divergence, type DivergenceOptions, findDivergence } from './find-divergence.ts';
import type { WorkerTarget } from './messages.ts';
import type { SeedOutcome } from './seed-outcome.ts';
import type { Totals } from './totals.ts';
import { waitingPerWorker, WorkerPool } from './worker-pool.ts';

export interface DeterminismOptions extends WaitOptions {
  readonly target: WorkerTarget;
  readonly seeds: Iterable<number>;
  readonly without?: readonly string[];
  readonly jobs: number;
  readonly seedDeadlineMs: number;
  /** Is given both runs of the seed that is looked at. */
  readonly onRuns?: DivergenceOptions['onRuns'];
  readonly onOutcome?: (outcome: SeedOutcome, pass: 1 | 2, totals: Totals) => void;
}

/** What came of running seeds twice. */
export interface DeterminismReport {
  readonly ended: CampaignEnd;
  /** Of the first pass. */
  readonly totals: Totals;
  /** How many seeds were run twice. */
  readonly compared: number;
  /** Those whose two runs differ. */
  readonly seeds: readonly number[];
  /** The lowest of them, looked at event by event. */
  readonly divergence?: Divergence;
}

/** What must not matter, changed for the second pass. */
const otherSurroundings: Readonly<Record<string, string>> = {
  TZ: 'Asia/Kathmandu',
  LANG: 'tr_TR.UTF-8',
  LC_ALL: 'tr_TR.UTF-8',
};

/**
 * Runs every seed twice and compares the trace hashes: the second time in processes that did not run it the first time, in the
 * opposite order, with another time zone and locale. Half the time is for each pass.
 *
 * A seed whose process dies or hangs has no trace to compare. Where hashes differ, the lowest such seed is run twice again with
 * its trace kept, and the first event that differs is looked up.
 */
export async function checkDeterminism(options: DeterminismOptions): Promise<DeterminismReport> {
  const { target, jobs, seedDeadlineMs, without, deadlineMs = Number.POSITIVE_INFINITY } = options;
  const startMs = systemClock.monotonicMs();
  const hashes = new Map<number, string>();
  const pass = async (
    number: 1 | 2,
    seeds: Iterable<number>,
    leftMs: number,
    take: (outcome: SeedOutcome) => void,
  ): Promise<{ readonly ended: CampaignEnd; readonly totals: Totals }> => {
    const environment = number === 1 ? {} : otherSurroundings;
    await using pool = new WorkerPool(target, jobs, { seedDeadlineMs, environment });
    return await runCampaign({
      clock: systemClock,
      seeds,
      run: async seed => pool.run({ options: { seed, ...(without === undefined ? {} : { without }) } }),
      lanes: jobs * waitingPerWorker,
      failuresMax: Number.POSITIVE_INFINITY,
      signal: options.signal,
      deadlineMs: Math.max(0, leftMs),
      onOutcome: (outcome, totals) => {
        take(outcome);
        options.onOutcome?.(outcome, number, totals);
      },
    });
  };
  const first = await pass(1, options.seeds, deadlineMs / 2, ({ seed, traceHash }) => {
    if (traceHash !== '') hashes.set(seed, traceHash);
  });
  const leftMs = deadlineMs - (systemClock.monotonicMs() - startMs);
  const again = [...hashes.keys()].sort((a, b) => b - a);
  const differ: number[] = [];
  let compared = 0;
  const second = await pass(2, again, leftMs, ({ seed, traceHash }) => {
    compared += 1;
    if (traceHash !== hashes.get(seed)) differ.push(seed);
  });
  differ.sort((a, b) => a - b);
  const [lowest] = differ;
  const ended = first.ended === 'done' ? second.ended : first.ended;
  const report = { ended, totals: first.totals, compared, seeds: differ };
  if (lowest === undefined || ended === 'aborted') return report;
  const divergence = await findDivergence({
    target,
    order: { seed: lowest, ...(without === undefined ? {} : { without }) },
    before: again.filter(seed => seed > lowest).slice(-seedsBefore),
    seedDeadlineMs,
    environment: otherSurroundings,
    signal: options.signal,
    ...(options.onRuns === undefined ? {} : { onRuns: options.onRuns }),
  });
  return { ...report, divergence };
}

/** How many of the seeds that ran before are run again before the look at a divergence, in one of the two processes. */
const seedsBefore = 8;
