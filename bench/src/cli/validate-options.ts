import { parseArgs } from 'node:util';
import type { Condition } from '../validate/validation-run.ts';
import { durationOf } from './check-options.ts';
import { integerOf, valueOf } from './options.ts';
import { UsageError } from './usage-error.ts';

export interface ValidateOptions {
  readonly help: boolean;
  /** No run is started after so much time. */
  readonly forMs: number;
  readonly conditions: readonly Condition[];
  readonly seed: number;
  /** The file that each finished run adds a line to. */
  readonly results: string;
  /** Says what the results file holds, and measures nothing. */
  readonly report: boolean;
  readonly json: boolean;
}

const conditionNames: ReadonlyMap<string, Condition> = new Map([
  ['quiet', 'quiet'],
  ['1', 'one neighbour'],
  ['2', 'two neighbours'],
  ['twin', 'twin'],
]);

/** @throws UsageError for an unknown option, a missing or bad value */
export function parseValidateOptions(args: readonly string[], resultsDefault: string): ValidateOptions {
  const values = parse(args);
  const conditions = values.conditions.split(',').map(name => {
    const condition = conditionNames.get(name.trim());
    if (condition !== undefined) return condition;
    throw new UsageError(`Option --conditions must list quiet, 1, 2 or twin: received "${name}"`);
  });
  if (conditions.includes('twin') && conditions.length > 1) {
    throw new UsageError('Option --conditions must have twin alone: two runs go on at once the whole time');
  }
  return {
    help: values.help,
    forMs: durationOf('--for', values.for),
    conditions,
    seed: integerOf('--seed', values.seed, 0, 0xffff_ffff),
    results: valueOf('--results', values.results ?? resultsDefault),
    report: values.report,
    json: values.json,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: args.filter(argument => argument !== '--'),
      options: {
        for: { type: 'string', default: '5m' },
        conditions: { type: 'string', default: 'quiet,1,2' },
        seed: { type: 'string', default: '1' },
        results: { type: 'string' },
        report: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }).values;
  } catch (error) {
    throw new UsageError((error as Error).message.split('. To specify')[0] ?? '');
  }
}

export const validateHelp = `Usage: pnpm bench:validate [options]

Runs the regression check on benches whose truth is known: twenty that are the same in both builds, or that are slower
by 5 or 10 percent in one. Counts false alarms and slowdowns that were missed. Both builds are the commit checked out
here. Each finished run adds a line to the results file, so it may be interrupted, and goes on from there.

  --for 5m               no run is started after so much time; one takes about a minute and a half on a quiet machine
  --conditions LIST      what else the machine does, in turns (default quiet,1,2): quiet; 1 or 2 for so many busy
                         neighbours; or twin alone, for two runs at once, each the other's neighbour
  --seed N               seeds the changes and the order of the samples of the first run (default 1)
  --results FILE         default bench/validation/runs.jsonl
  --report               says what the results file holds, and measures nothing
  --json                 the summary as JSON
  -h, --help             this text
`;
