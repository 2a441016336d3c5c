import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { seededRandom } from '@quorate/core';
import { UsageError } from '../cli/usage-error.ts';
import type { Contest } from '../plan.ts';
import { traceKeys } from './trace-keys.ts';
import { wordKeys, wordKeysMax } from './word-keys.ts';

/** The run's input, as the report describes it. */
export interface LoadedKeys {
  readonly source: string;
  readonly keys: readonly string[];
  readonly distinct: number;
  readonly bytes: { readonly least: number; readonly mean: number; readonly most: number };
  /** SHA-256 of the keys, each ended by a line feed: two runs with the same digest had the same input. */
  readonly digest: string;
}

/** Keys to load where no bench says how many it uses. */
const fewKeys = 1000;

/** Loads as many keys as one of the contests asks for; as {@link loadKeys} otherwise. */
export function loadKeysFor(
  contests: readonly Contest[],
  source: string,
  seed: number,
  environment: Readonly<Record<string, string | undefined>>,
): LoadedKeys {
  const counts = contests.map(({ params }) => params['keys']).filter(count => typeof count === 'number');
  return loadKeys(source, Math.max(fewKeys, ...counts), seed, environment);
}

/**
 * Loads up to `countMax` keys: `words`, `trace`, or the lines of a file (`./words` for a file of that name).
 *
 * @throws UsageError where the file or the trace cannot be read, or holds no key, and where there are not so many keys of words
 */
export function loadKeys(
  source: string,
  countMax: number,
  seed: number,
  environment: Readonly<Record<string, string | undefined>>,
): LoadedKeys {
  const keys = keysFrom(source, countMax, seed, environment);
  if (keys.length === 0)
    throw new UsageError(`Keys must come from a file with at least one line: received ${source}`);
  const hash = createHash('sha256');
  let [least, most, total] = [Infinity, 0, 0];
  for (const key of keys) {
    const size = Buffer.byteLength(key);
    [least, most, total] = [Math.min(least, size), Math.max(most, size), total + size];
    hash.update(`${key}\n`);
  }
  return {
    source,
    keys,
    distinct: new Set(keys).size,
    bytes: { least, mean: total / keys.length, most },
    digest: hash.digest('hex'),
  };
}

function keysFrom(
  source: string,
  countMax: number,
  seed: number,
  environment: Readonly<Record<string, string | undefined>>,
): string[] {
  if (source === 'words' && countMax > wordKeysMax) {
    throw new UsageError(`Parameter "keys" must be at most ${wordKeysMax} with words: received ${countMax}`);
  }
  if (source === 'words') return wordKeys(countMax, seededRandom(seed).fork('keys'));
  if (source === 'trace') return traceKeys(countMax, environment['QUORATE_TESTDATA']);
  return linesOf(source).slice(0, countMax);
}

function linesOf(file: string): string[] {
  let text: string;
  try {
    text = readFileSync(resolve(file), 'utf8');
  } catch (error) {
    throw new UsageError(
      `Keys must come from words, trace or a file that can be read: ${(error as Error).message}`,
    );
  }
  return text.split(/\r?\n/).filter(line => line !== '');
}
