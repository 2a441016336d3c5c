import { parseArgs } from 'node:util';
import type { ParamValue } from '../suite.ts';
import { integerOf, paramsOf, threadsOf, valueOf } from './options.ts';
import { UsageError } from './usage-error.ts';

export interface CheckOptions {
  readonly filters: readonly string[];
  readonly help: boolean;
  readonly list: boolean;
  /** The commit to compare with. */
  readonly base?: string;
  readonly profile: 'gate' | 'headline';
  readonly budgetMs: number;
  /** A share: 0.025 is 2.5 %. Absent where it was not given. */
  readonly minEffect?: number;
  readonly alpha?: number;
  readonly seed: number;
  readonly keys: string;
  readonly threads?: readonly number[];
  readonly params: ReadonlyMap<string, readonly ParamValue[]>;
  /** A path, or `-` for standard output. */
  readonly json?: string;
  readonly html?: string;
  /** A file that the table is added to as Markdown. */
  readonly summary?: string;
  /** A file that a line is added to by each run, for the plots of the next. */
  readonly history?: string;
  /** A report to judge again instead of measuring. */
  readonly from?: string;
  readonly suites?: string;
}

const budgetMsMax = 24 * 3_600_000;

/** The least effects that can be asked for. Canaries are twice as slow, and are made of twice the work at most. */
const minEffects = { least: 0.005, most: 0.5 } as const;

/** What can be given with `--from`: all else is about measuring. */
const judging = ['from', 'min-effect', 'alpha', 'json', 'html', 'summary', 'history', 'help'];

/**
 * Reads the command line of `pnpm bench:check`.
 *
 * @throws UsageError for an unknown option, a missing or bad value
 */
export function parseCheckOptions(args: readonly string[]): CheckOptions {
  const { values, positionals, tokens } = parse(args);
  const { base, threads, alpha, 'min-effect': minEffect } = values;
  for (const name of ['html', 'summary', 'history'] as const) {
    if (values[name] === '-') throw new UsageError(`Option --${name} must name a file: received "-"`);
  }
  const measures = !values.help && !values.list && values.from === undefined;
  if (measures && base === undefined) {
    throw new UsageError(
      'Option --base must name the commit to compare with, such as origin/main: received none',
    );
  }
  if (values.from !== undefined) {
    const names = tokens.flatMap(token => (token.kind === 'option' ? [token.name] : []));
    const others = names.filter(name => !judging.includes(name)).map(name => `--${name}`);
    if (positionals.length > 0) others.push('filters');
    if (others.length > 0) {
      throw new UsageError(
        `Option --from judges a report that is there, and goes without ${others.join(', ')}`,
      );
    }
  }
  const files = ['json', 'html', 'summary', 'history', 'from', 'suites', 'base'] as const;
  const given = files.flatMap(name => {
    const value = values[name];
    return value === undefined ? [] : [[name, valueOf(`--${name}`, value)]];
  });
  return {
    filters: positionals.flatMap(filter => filter.split(',')).filter(filter => filter !== ''),
    help: values.help,
    list: values.list,
    profile: profileOf(values.profile),
    budgetMs: durationOf('--budget', values.budget),
    ...(minEffect === undefined ? {} : { minEffect: shareOf('--min-effect', minEffect, minEffects) }),
    ...(alpha === undefined ? {} : { alpha: shareOf('--alpha', alpha, { least: 0.0001, most: 0.2 }) }),
    seed: integerOf('--seed', values.seed, 0, 0xffff_ffff),
    keys: valueOf('--keys', values.keys),
    ...(threads === undefined ? {} : { threads: threadsOf(threads) }),
    params: paramsOf(values.param),
    ...(Object.fromEntries(given) as Pick<CheckOptions, (typeof files)[number]>),
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: args.filter(argument => argument !== '--'),
      allowPositionals: true,
      tokens: true,
      options: {
        base: { type: 'string' },
        profile: { type: 'string', default: 'gate' },
        budget: { type: 'string', default: '8m' },
        'min-effect': { type: 'string' },
        alpha: { type: 'string' },
        seed: { type: 'string', default: '1' },
        keys: { type: 'string', default: 'words' },
        threads: { type: 'string' },
        param: { type: 'string', multiple: true, default: [] },
        list: { type: 'boolean', default: false },
        json: { type: 'string' },
        html: { type: 'string' },
        summary: { type: 'string' },
        history: { type: 'string' },
        from: { type: 'string' },
        suites: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message.split('. To specify')[0] ?? '');
  }
}

function profileOf(text: string): 'gate' | 'headline' {
  if (text === 'gate' || text === 'headline') return text;
  throw new UsageError(`Option --profile must be gate or headline: received "${text}"`);
}

const unitsMs = { s: 1000, m: 60_000, h: 3_600_000 } as const;

/** `90s`, `8m`, `1.5h`. */
export function durationOf(option: string, text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)([smh])$/.exec(text) ?? [];
  const ms = Number(number) * (unitsMs[unit as keyof typeof unitsMs] ?? Number.NaN);
  if (ms >= 1000 && ms <= budgetMsMax) return ms;
  throw new UsageError(
    `Option ${option} must be a time from 1s to 24h, such as 90s, 8m or 1h: received "${text}"`,
  );
}

/** `2.5%` or `0.025`. */
function shareOf(
  option: string,
  text: string,
  { least, most }: { readonly least: number; readonly most: number },
): number {
  const [, number, percent] = /^(\d*\.?\d+)\s*(%?)$/.exec(text) ?? [];
  const share = Number(number) / (percent === '%' ? 100 : 1);
  if (share >= least && share <= most) return share;
  throw new UsageError(
    `Option ${option} must be a share from ${least * 100}% to ${most * 100}%: received "${text}"`,
  );
}
