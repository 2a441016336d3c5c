import { messageOf, ruleOf, type SeedOutcome } from './seed-outcome.ts';
import type { RunOptions, RunResult } from '../../run-result.ts';
import { type PackedChanges, packChanges, unpackChanges } from './run-changes.ts';

/** A seed that failed once, as it is committed: a small JSON file that people can read and change. */
export interface Regression extends PackedChanges {
  readonly schema: typeof regressionSchema;
  /** The name of a scenario of the same package. */
  readonly scenario: string;
  readonly seed: number;
  /** How it must end. A failure that is mended is expected to be `ok` from then on. */
  readonly expect: { readonly verdict: RunResult['verdict']; readonly rule?: string };
  /** What it was like when it was found. */
  readonly found?: { readonly rule: string; readonly message: string };
  /** Of the run that was found. Other code than then may have another and still be right. */
  readonly traceHash?: string;
}

export const regressionSchema = 'quorate-sim-regression/1';

/** The failure as it is to be kept, expected to fail as it did. */
export function regressionOf(scenario: string, options: RunOptions, outcome: SeedOutcome): Regression {
  const { verdict, traceHash } = outcome;
  const rule = ruleOf(outcome);
  if (verdict === 'died' || verdict === 'hung') {
    throw new RangeError(
      `Regression must come to an end when it is replayed: received a seed that ${verdict}`,
    );
  }
  return {
    schema: regressionSchema,
    scenario,
    seed: options.seed,
    ...packChanges(options),
    expect: { verdict, ...(rule === undefined ? {} : { rule }) },
    ...(rule === undefined ? {} : { found: { rule, message: messageOf(outcome) } }),
    traceHash,
  };
}

/** What to run for it. */
export function runOptionsOf(regression: Regression): RunOptions {
  return { seed: regression.seed, ...unpackChanges(regression) };
}

/** Reads a file's text. @throws RangeError where it is no regression, with what is wrong */
export function parseRegression(text: string, file: string): Regression {
  let value: Partial<Regression> | null;
  try {
    value = JSON.parse(text) as Partial<Regression> | null;
  } catch (error) {
    throw new RangeError(`Regression ${file} must be JSON: ${(error as Error).message}`, { cause: error });
  }
  const verdict = value?.expect?.verdict;
  const faults = [
    value?.schema === regressionSchema ? '' : `"schema" must be "${regressionSchema}"`,
    typeof value?.scenario === 'string' ? '' : '"scenario" must be a name',
    Number.isSafeInteger(value?.seed) ? '' : '"seed" must be an integer',
    verdict === 'ok' || verdict === 'violation' || verdict === 'error'
      ? ''
      : '"expect" must have a verdict: ok, violation or error',
  ].filter(fault => fault !== '');
  if (faults.length > 0) throw new RangeError(`Regression ${file} must be whole: ${faults.join('; ')}`);
  return value as Regression;
}

/** What is wrong with how it ended, in a sentence; nothing where it ended as expected. */
export function problemOf({ scenario, seed, expect }: Regression, outcome: SeedOutcome): string | undefined {
  const rule = ruleOf(outcome);
  if (outcome.verdict === expect.verdict && (expect.rule === undefined || rule === expect.rule))
    return undefined;
  const expected = expect.rule === undefined ? expect.verdict : `${expect.verdict} by ${expect.rule}`;
  const received = rule === undefined ? 'ok' : `${outcome.verdict} by ${rule}: ${messageOf(outcome)}`;
  const advice = rule === undefined ? '; where it was mended, expect { "verdict": "ok" } from now on' : '';
  return `Seed ${seed} of ${scenario} must end as ${expected}: received ${received}${advice}`;
}
