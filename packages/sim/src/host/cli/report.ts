import type { RunOptions } from '../../run-result.ts';
import type { Campaign } from '../runner/campaign.ts';
import type { FoundScenario } from '../runner/discover-scenarios.ts';
import { packNames } from '../runner/name-ranges.ts';
import { packChanges } from '../runner/run-changes.ts';
import { messageOf, ruleOf, type SeedOutcome } from '../runner/seed-outcome.ts';
import type { Shrunk } from '../runner/shrink.ts';
import type { Totals } from '../runner/totals.ts';
import { exitCodes } from './exit-codes.ts';
import type { Options } from './options.ts';

/** A failure that was looked at closely. */
export interface FailureReport {
  readonly outcome: SeedOutcome;
  /** The smallest run that fails so. */
  readonly run: RunOptions;
  readonly shrunk?: Shrunk;
  readonly replay: string;
  readonly text: string;
  /** The regression file that was written. */
  readonly kept?: string;
}

/** What came of a campaign. */
export interface SimReport {
  readonly found: FoundScenario;
  readonly campaign: Campaign;
  readonly seconds: number;
  readonly failures: readonly FailureReport[];
  readonly neverReached: readonly string[];
  readonly exitCode: number;
  /** For `--json`. */
  readonly json: object;
}

export interface ReportParts {
  readonly seconds: number;
  readonly failures: readonly FailureReport[];
  readonly options: Options;
}

export function reportOf(found: FoundScenario, campaign: Campaign, parts: ReportParts): SimReport {
  const { totals } = campaign;
  const neverReached = (found.scenario.probes ?? []).filter(probe => !totals.probes.has(probe));
  const exitCode = exitCodeOf(campaign);
  const { seconds, failures, options } = parts;
  const json = {
    schema: 'quorate-sim/1',
    scenario: found.id,
    exitCode,
    ended: campaign.ended,
    seeds: { ...options.seeds, done: totals.seeds },
    jobs: options.jobs,
    seconds,
    events: totals.events,
    simulatedMs: totals.simulatedMs,
    verdicts: totals.verdicts,
    rules: Object.fromEntries(totals.rules),
    probes: { reached: Object.fromEntries(totals.probes), never: neverReached },
    swarm: Object.fromEntries(totals.swarm),
    failures: totals.failures.map(outcome => ({ seed: outcome.seed, ...whatFailed(outcome) })),
    described: failures.map(failureJson),
  };
  return { found, campaign, seconds, failures, neverReached, exitCode, json };
}

/** A violation is an answer whatever else failed; a scenario that fails itself leaves the question open. */
export function exitCodeOf({
  ended,
  totals,
}: {
  readonly ended: Campaign['ended'];
  readonly totals: Totals;
}): number {
  if ((totals.verdicts.violation ?? 0) > 0) return exitCodes.violation;
  if (totals.failed > 0) return exitCodes.scenarioFailed;
  return ended === 'aborted' || totals.seeds === 0 ? exitCodes.inconclusive : exitCodes.fine;
}

export function whatFailed(outcome: SeedOutcome): {
  verdict: string;
  rule: string | undefined;
  message: string;
} {
  return { verdict: outcome.verdict, rule: ruleOf(outcome), message: messageOf(outcome) };
}

function failureJson({ outcome, run, shrunk, replay, kept }: FailureReport): object {
  const smallest = shrunk?.outcome ?? outcome;
  return {
    seed: outcome.seed,
    ...whatFailed(smallest),
    details: smallest.finding?.details,
    replay,
    traceHash: smallest.traceHash,
    events: smallest.events,
    changes: packChanges(run),
    ...(shrunk === undefined
      ? {}
      : {
          shrunk: {
            eventsBefore: shrunk.eventsBefore,
            removableBefore: shrunk.removableBefore,
            removable: packNames(smallest.removable ?? []),
            runs: shrunk.runs,
            isComplete: shrunk.isComplete,
          },
        }),
    ...(kept === undefined ? {} : { kept }),
  };
}
