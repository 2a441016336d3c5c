import { fileURLToPath } from 'node:url';
import { type Clock, systemClock, type WaitOptions } from '@quorate/core';
import type { RunOptions, RunResult } from '../run-result.ts';
import type { Scenario } from '../scenario.ts';
import { type CampaignEnd, runCampaign } from './runner/campaign.ts';
import { describeFailure } from './runner/describe-failure.ts';
import { formatReplay } from './runner/replay-line.ts';
import { outcomeOf, type SeedOutcome } from './runner/seed-outcome.ts';
import { seedMax, seedsOf, type SeedRange } from './runner/seed-range.ts';
import { shrink, type Shrunk } from './runner/shrink.ts';
import { sourceDigests } from './runner/source-digest.ts';
import type { SeedTotals } from './runner/totals.ts';
import { simulate } from './simulate.ts';

/** Which seeds, and for how long. */
export interface RunSeedsOptions extends WaitOptions {
  /** So many from 1, or from one to another. Default 100. */
  readonly seeds?: number | SeedRange;
  /** Faults, draws and operations that are taken away from every seed: see {@link RunOptions.without}. */
  readonly without?: readonly string[];
  /** After so many failures no seed is started. Default 1. */
  readonly failuresMax?: number;
  /** Whether the first failure is made smaller. Default true. */
  readonly shrinks?: boolean;
  /** How many runs that may take. Default 500. */
  readonly shrinkRunsMax?: number;
  /** The scenario's module (its `import.meta.url`) and package, so that the line that replays a failure names them. */
  readonly module?: string | URL;
  readonly package?: string;
  /** Told after each seed. */
  readonly onProgress?: (totals: SeedTotals) => void;
  /** Runs one seed. Default {@link simulate}. */
  readonly simulate?: (scenario: Scenario, options: RunOptions) => Promise<RunResult>;
  /** For the deadline. Default the system's. */
  readonly clock?: Clock;
}

/** What is known of the seeds. */
export interface SeedsResult {
  /** `done`: all seeds were run. */
  readonly ended: CampaignEnd;
  readonly totals: SeedTotals;
  /** Probes of the scenario that no seed reached: what they stand for was not tested. */
  readonly neverReached: readonly string[];
  /** The lowest seed that failed. */
  readonly failure?: SeedFailure;
}

/** A seed that failed, and what is known about it. */
export interface SeedFailure {
  readonly outcome: SeedOutcome;
  readonly shrunk?: Shrunk;
  /** What `pnpm sim --replay` takes: the smallest run that was found. */
  readonly replay: string;
  /** All of it in plain words, with the line: made for a failing test's message. */
  readonly text: string;
}

/** So often the event loop gets a turn: signals, and whoever else is in this process. */
const turnMs = 50;

/**
 * Runs seeds of a scenario one after the other in this process, and makes the first failure as small as it can.
 *
 * The time limit and the signal end the campaign with what is known by then; a seed that is under way is not interrupted, so a
 * scenario that never lets go of the thread is better run by the command line, each seed of which is in a process that can be
 * ended.
 *
 * ```text
 * const { failure, totals } = await runSeeds(scenario, { seeds: 1000 });
 * expect(failure?.text).toBeUndefined();
 * ```
 *
 * @throws RangeError when the seeds are not integers from 0 to 2^32 - 1, the first not above the last
 */
export async function runSeeds(scenario: Scenario, options: RunSeedsOptions = {}): Promise<SeedsResult> {
  const { clock = systemClock, without = [], failuresMax = 1, shrinks = true, onProgress } = options;
  const range = rangeOf(options.seeds ?? 100);
  const run = options.simulate ?? simulate;
  let turnedMs = clock.monotonicMs();
  const attempt = async (runOptions: RunOptions, record = false): Promise<SeedOutcome> => {
    if (clock.monotonicMs() - turnedMs >= turnMs) {
      await new Promise<void>(resolve => setImmediate(resolve));
      turnedMs = clock.monotonicMs();
    }
    return outcomeOf(await run(scenario, { ...runOptions, record }));
  };
  const startMs = clock.monotonicMs();
  const { ended, totals } = await runCampaign({
    ...waitOptions(options, 0),
    clock,
    seeds: seedsOf(range),
    run: async seed => attempt({ seed, without }),
    lanes: 1,
    failuresMax,
    onOutcome: (_, sums) => onProgress?.(sums),
  });
  const neverReached = (scenario.probes ?? []).filter(probe => !totals.probes.has(probe));
  const [outcome] = totals.failures;
  if (outcome === undefined) return { ended, totals, neverReached };
  const shrunk = shrinks
    ? await shrink({
        ...waitOptions(options, clock.monotonicMs() - startMs),
        clock,
        outcome,
        options: { seed: outcome.seed, without },
        safetyMs: scenario.safetyMs ?? safetyMsDefault,
        attempt,
        runsMax: options.shrinkRunsMax ?? 500,
      })
    : undefined;
  const replay = replayLineOf(scenario, options, outcome, shrunk);
  const text = describeFailure({
    id: scenario.name,
    outcome,
    replay,
    ...(shrunk === undefined ? {} : { shrunk }),
  });
  return {
    ended,
    totals,
    neverReached,
    failure: { outcome, replay, text, ...(shrunk === undefined ? {} : { shrunk }) },
  };
}

/** The safety phase of a scenario that does not say: see {@link Scenario.safetyMs}. */
export const safetyMsDefault = 30_000;

function waitOptions({ signal, deadlineMs }: WaitOptions, passedMs: number): WaitOptions {
  return { signal, ...(deadlineMs === undefined ? {} : { deadlineMs: Math.max(0, deadlineMs - passedMs) }) };
}

function rangeOf(seeds: number | SeedRange): SeedRange {
  const { from, to } = typeof seeds === 'number' ? { from: 1, to: seeds } : seeds;
  const isRange = [from, to].every(seed => Number.isInteger(seed) && seed >= 0 && seed <= seedMax);
  if (isRange && from <= to) return { from, to };
  throw new RangeError(
    `Seeds must be integers from 0 to ${seedMax}, the first not above the last: received ${from} to ${to}`,
  );
}

function replayLineOf(
  scenario: Scenario,
  { module, package: folder, without = [] }: RunSeedsOptions,
  outcome: SeedOutcome,
  shrunk: Shrunk | undefined,
): string {
  const run = shrunk?.options ?? { seed: outcome.seed, without };
  const digests = module === undefined ? undefined : sourceDigests(fileOf(module));
  return formatReplay({
    ...(folder === undefined ? {} : { package: folder }),
    scenario: scenario.name,
    seed: run.seed,
    changes: run,
    traceHash: (shrunk?.outcome ?? outcome).traceHash,
    ...(digests === undefined
      ? {}
      : { scenarioDigest: digests.scenario, simulatorDigest: digests.simulator }),
  });
}

function fileOf(module: string | URL): string {
  const url = String(module);
  return url.startsWith('file:') ? fileURLToPath(url) : url;
}
