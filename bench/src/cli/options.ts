import { parseArgs } from 'node:util';
import type { ParamValue } from '../suite.ts';
import { UsageError } from './usage-error.ts';

export interface Options {
  readonly filters: readonly string[];
  readonly profile: 'quick' | 'full';
  readonly threads?: readonly number[];
  readonly params: ReadonlyMap<string, readonly ParamValue[]>;
  readonly seed: number;
  readonly keys: string;
  readonly list: boolean;
  readonly help: boolean;
  /** A path, or `-` for standard output. */
  readonly json?: string;
  readonly html?: string;
  /** The folder with the suites, where it is not `bench/suites`. */
  readonly suites?: string;
}

/** The most threads that a group may have: more of them only measures the scheduler. */
export const threadsMax: number = 64;

/**
 * Reads the command line.
 *
 * @throws UsageError for an unknown option, a missing or bad value
 */
export function parseOptions(args: readonly string[]): Options {
  const { values, positionals } = parse(args);
  const { threads, json, html, suites } = values;
  if (html === '-') throw new UsageError('Option --html must name a file: received "-"');
  return {
    filters: positionals.flatMap(filter => filter.split(',')).filter(filter => filter !== ''),
    profile: profileOf(values.profile),
    ...(threads === undefined ? {} : { threads: threadsOf(threads) }),
    params: paramsOf(values.param),
    seed: integerOf('--seed', values.seed, 0, 0xffff_ffff),
    keys: valueOf('--keys', values.keys),
    list: values.list,
    help: values.help,
    ...(json === undefined ? {} : { json: valueOf('--json', json) }),
    ...(html === undefined ? {} : { html: valueOf('--html', html) }),
    ...(suites === undefined ? {} : { suites: valueOf('--suites', suites) }),
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: args.filter(argument => argument !== '--'),
      allowPositionals: true,
      options: {
        profile: { type: 'string', default: 'quick' },
        threads: { type: 'string' },
        param: { type: 'string', multiple: true, default: [] },
        seed: { type: 'string', default: '1' },
        keys: { type: 'string', default: 'words' },
        list: { type: 'boolean', default: false },
        json: { type: 'string' },
        html: { type: 'string' },
        suites: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message.split('. To specify')[0] ?? '');
  }
}

function profileOf(text: string): 'quick' | 'full' {
  if (text === 'quick' || text === 'full') return text;
  throw new UsageError(`Option --profile must be quick or full: received "${text}"`);
}

export function threadsOf(text: string): number[] {
  const sizes = text.split(',').map(part => integerOf('--threads', part, 1, threadsMax));
  return [...new Set(sizes)].sort((a, b) => a - b);
}

export function paramsOf(list: readonly string[]): Map<string, ParamValue[]> {
  const params = new Map<string, ParamValue[]>();
  for (const text of list) {
    const [, name, values] = /^([^=]+)=(.+)$/.exec(text) ?? [];
    if (name === undefined || values === undefined) {
      throw new UsageError(
        `Option --param must look like name=value or name=value,value: received "${text}"`,
      );
    }
    if (params.has(name)) throw new UsageError(`Parameter "${name}" must be given once: received it twice`);
    params.set(name, [...new Set(values.split(',').map(paramValueOf))]);
  }
  return params;
}

function paramValueOf(text: string): ParamValue {
  const number = Number(text);
  return text.trim() !== '' && Number.isFinite(number) ? number : text;
}

export function integerOf(option: string, text: string, least: number, most: number): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= least && number <= most) return number;
  throw new UsageError(`Option ${option} must be an integer from ${least} to ${most}: received "${text}"`);
}

export function valueOf(option: string, text: string): string {
  if (text === '') throw new UsageError(`Option ${option} must have a value: received ""`);
  return text;
}
