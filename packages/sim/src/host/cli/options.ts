import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { parseReplay, type Replay } from '../runner/replay-line.ts';
import { seedMax, type SeedRange } from '../runner/seed-range.ts';
import { UsageError } from './usage-error.ts';

export interface Options {
  readonly scenario?: string;
  readonly help: boolean;
  readonly list: boolean;
  readonly seeds: SeedRange;
  readonly jobs: number;
  /** Absent: as long as it takes. */
  readonly budgetMs?: number;
  readonly seedDeadlineMs: number;
  readonly failuresMax: number;
  readonly shrinks: boolean;
  readonly shrinkBudgetMs: number;
  readonly shrinkRunsMax: number;
  readonly keep: boolean;
  readonly without: readonly string[];
  readonly checkDeterminism: boolean;
  readonly replay?: Replay;
  /** A folder of scenarios in place of the workspace's. */
  readonly scenarios?: string;
  /** A path, or `-` for standard output. */
  readonly json?: string;
  readonly html?: string;
}

/** The most processes: more of them only take turns. */
const jobsMax = 256;
const seedsDefault = '1..1000';

/** What can be given beside `--replay`: a line says all else itself. */
const replaying = ['replay', 'html', 'json', 'scenarios', 'seed-deadline', 'help'];

/**
 * Reads the command line of `pnpm sim`.
 *
 * @throws UsageError for an unknown option, a missing or bad value, options that do not go together
 */
export function parseOptions(args: readonly string[]): Options {
  const { values, positionals, tokens } = parse(args);
  const { seeds, budget, replay, scenarios, json, html } = values;
  const [scenario, ...more] = positionals;
  if (html === '-') throw new UsageError('Option --html must name a file: received "-"');
  if (more.length > 0) {
    throw new UsageError(`One scenario must be named: received ${positionals.join(', ')}`);
  }
  if (replay !== undefined) {
    const names = tokens.flatMap(token => (token.kind === 'option' ? [token.name] : []));
    const others = names.filter(name => !replaying.includes(name)).map(name => `--${name}`);
    if (scenario !== undefined) others.push('a scenario');
    if (others.length > 0) {
      throw new UsageError(`Option --replay says all of a run, and goes without ${others.join(', ')}`);
    }
  } else if (scenario === undefined && !values.list && !values.help) {
    throw new UsageError('A scenario must be named: received none (pnpm sim --list shows them)');
  }
  const endless = budget === undefined ? seedsDefault : `1..${seedMax}`;
  const range = seedsFrom(seeds ?? endless);
  const jobs =
    values.jobs === undefined ? availableParallelism() : integerOf('--jobs', values.jobs, 1, jobsMax);
  return {
    ...(scenario === undefined ? {} : { scenario }),
    help: values.help,
    list: values.list,
    seeds: range,
    // More processes than seeds would have nothing to do.
    jobs: Math.min(jobs, range.to - range.from + 1),
    ...(budget === undefined ? {} : { budgetMs: durationOf('--budget', budget) }),
    seedDeadlineMs: durationOf('--seed-deadline', values['seed-deadline']),
    failuresMax: integerOf('--failures', values.failures, 1, seedMax),
    shrinks: yesOrNo('--shrink', values.shrink),
    shrinkBudgetMs: durationOf('--shrink-budget', values['shrink-budget']),
    shrinkRunsMax: integerOf('--shrink-runs', values['shrink-runs'], 1, 1_000_000),
    keep: values.keep,
    without: values.without.flatMap(names => valueOf('--without', names).split(',')).map(nameOf),
    checkDeterminism: values['check-determinism'],
    ...(replay === undefined ? {} : { replay: replayOf(replay) }),
    ...(scenarios === undefined ? {} : { scenarios: valueOf('--scenarios', scenarios) }),
    ...(json === undefined ? {} : { json: valueOf('--json', json) }),
    ...(html === undefined ? {} : { html: valueOf('--html', html) }),
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: args.filter(argument => argument !== '--'),
      allowPositionals: true,
      tokens: true,
      options: {
        seeds: { type: 'string' },
        jobs: { type: 'string' },
        budget: { type: 'string' },
        'seed-deadline': { type: 'string', default: '60s' },
        failures: { type: 'string', default: '10' },
        shrink: { type: 'string', default: 'yes' },
        'shrink-budget': { type: 'string', default: '60s' },
        'shrink-runs': { type: 'string', default: '10000' },
        keep: { type: 'boolean', default: false },
        without: { type: 'string', multiple: true, default: [] },
        'check-determinism': { type: 'boolean', default: false },
        replay: { type: 'string' },
        scenarios: { type: 'string' },
        list: { type: 'boolean', default: false },
        json: { type: 'string' },
        html: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message.split(/\. To specify|\.?\n/)[0] ?? '');
  }
}

function seedsFrom(text: string): SeedRange {
  const [, first, last = first] = /^(\d{1,10})(?:\.\.(\d{1,10}))?$/.exec(text) ?? [];
  const [from, to] = [Number(first), Number(last)];
  if (first !== undefined && from <= to && to <= seedMax) return { from, to };
  throw new UsageError(
    `Option --seeds must be a seed or a range such as 1..10000, from 0 to ${seedMax}: received "${text}"`,
  );
}

function replayOf(line: string): Replay {
  try {
    return parseReplay(line);
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function nameOf(name: string): string {
  if (/^[^#]+(?:#\d{1,15})?$/.test(name)) return name;
  throw new UsageError(`Option --without must name labels, or draws such as label#0: received "${name}"`);
}

const unitsMs = { s: 1000, m: 60_000, h: 3_600_000 } as const;
const durationMaxMs = 24 * 3_600_000;

/** `90s`, `8m`, `1.5h`. */
export function durationOf(option: string, text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)([smh])$/.exec(text) ?? [];
  const ms = Number(number) * (unitsMs[unit as keyof typeof unitsMs] ?? Number.NaN);
  if (ms >= 1000 && ms <= durationMaxMs) return ms;
  throw new UsageError(
    `Option ${option} must be a time from 1s to 24h, such as 90s, 5m or 1h: received "${text}"`,
  );
}

function integerOf(option: string, text: string, least: number, most: number): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= least && number <= most) return number;
  throw new UsageError(`Option ${option} must be an integer from ${least} to ${most}: received "${text}"`);
}

function yesOrNo(option: string, text: string): boolean {
  if (text === 'yes' || text === 'no') return text === 'yes';
  throw new UsageError(`Option ${option} must be yes or no: received "${text}"`);
}

function valueOf(option: string, text: string): string {
  if (text === '') throw new UsageError(`Option ${option} must have a value: received ""`);
  return text;
}
