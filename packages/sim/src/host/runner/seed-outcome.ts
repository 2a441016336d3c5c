import { errorCode } from '@quorate/core';
import type { RunResult } from '../../run-result.ts';
import type { Finding } from '../../scenario.ts';

/** How a seed ended. `died`: the process that ran it went down with it; `hung`: it did not end in time. */
export type SeedVerdict = RunResult['verdict'] | 'died' | 'hung';

/** What is kept of a run: small enough to be sent between processes for each of a million seeds. */
export interface SeedOutcome {
  readonly seed: number;
  readonly verdict: SeedVerdict;
  readonly finding?: Finding;
  /** What the scenario's own code threw, or the last words of a process that died or was ended. */
  readonly error?: SeedError;
  /** Empty where the run did not come to its end. */
  readonly traceHash: string;
  readonly events: number;
  readonly simulatedMs: number;
  readonly probes: readonly string[];
  readonly swarm: readonly string[];
  /** Where it was asked for: see {@link RunResult.removable}. */
  readonly removable?: readonly string[];
}

/** An error as plain data. */
export interface SeedError {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  readonly stack?: string;
}

/** What is kept of `result`. */
export function outcomeOf(result: RunResult): SeedOutcome {
  const { seed, verdict, finding, error, traceHash, events, simulatedMs, probes, swarm, removable } = result;
  return {
    seed,
    verdict,
    ...(finding === undefined ? {} : { finding }),
    ...(error === undefined ? {} : { error: describeError(error) }),
    traceHash,
    events,
    simulatedMs,
    probes,
    swarm: swarm ?? [],
    ...(removable === undefined ? {} : { removable }),
  };
}

/** Any thrown value as plain data. */
export function describeError(thrown: unknown): SeedError {
  if (!(thrown instanceof Error))
    return { name: 'Error', message: `Something was thrown: ${String(thrown)}` };
  const { name, message, stack } = thrown;
  const code = errorCode(thrown);
  return {
    name,
    message,
    ...(code === undefined ? {} : { code }),
    ...(stack === undefined ? {} : { stack }),
  };
}

/**
 * What failed, so that two failures can be told apart: the finding's rule, the error's code or name, else how it ended.
 * Undefined for a run that is fine.
 */
export function ruleOf({ verdict, finding, error }: SeedOutcome): string | undefined {
  if (verdict === 'ok') return undefined;
  if (finding !== undefined) return finding.rule;
  return verdict === 'error' ? (error?.code ?? error?.name ?? verdict) : verdict;
}

/** How it failed and what, in two words or one: `violation, mutual-exclusion`. */
export function kindOf(outcome: SeedOutcome): string {
  const rule = ruleOf(outcome);
  return rule === undefined || rule === outcome.verdict ? outcome.verdict : `${outcome.verdict}, ${rule}`;
}

/** Whether two runs failed in the same way: not just anyhow, which shrinking would slip away to. */
export function sameFailure(a: SeedOutcome, b: SeedOutcome): boolean {
  return a.verdict !== 'ok' && a.verdict === b.verdict && ruleOf(a) === ruleOf(b);
}

/** What is wrong, in a sentence. */
export function messageOf({ verdict, finding, error }: SeedOutcome): string {
  if (finding !== undefined) return finding.message;
  if (error === undefined) return `It ended as ${verdict}`;
  return verdict === 'error' ? `${error.name}: ${error.message}` : error.message;
}
