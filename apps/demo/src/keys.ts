import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { defaultLimits } from '@quorate/node';
import { UsageError } from './arguments.ts';

/** The keys of a run, and where they are from. */
export interface KeySet {
  readonly source: string;
  readonly keys: readonly string[];
}

const wordsDefault = 50_000;
const keysMax = 1_000_000;

/** The keys that the arguments ask for: lines of a file, or words of the list. @throws UsageError */
export async function loadKeys(file: string | undefined, count: number | undefined): Promise<KeySet> {
  return file === undefined ? wordKeys(count ?? wordsDefault) : fileKeys(file, count);
}

/** Words from all over the list, evenly spaced, so that every letter is there. */
function wordKeys(count: number): KeySet {
  const words = createRequire(import.meta.url)('an-array-of-english-words') as readonly string[];
  if (count > words.length) throw tooFew(count, words.length, 'The word list');
  const keys = Array.from(
    { length: count },
    (_, index) => words[Math.floor((index * words.length) / count)] ?? '',
  );
  return { source: 'an-array-of-english-words (MIT)', keys };
}

async function fileKeys(file: string, count: number | undefined): Promise<KeySet> {
  const text = await readText(file);
  const keys = new Set<string>();
  for (const [index, line] of text.split('\n').entries()) {
    const key = line.endsWith('\r') ? line.slice(0, -1) : line;
    if (key === '') continue;
    const byteCount = Buffer.byteLength(key);
    if (byteCount > defaultLimits.keyBytesMax) {
      throw new UsageError(
        `--keys: line ${index + 1} of ${file} has ${byteCount} bytes, a key may have at most ${defaultLimits.keyBytesMax}`,
      );
    }
    keys.add(key);
    if (keys.size >= (count ?? keysMax)) break;
  }
  if (keys.size === 0) throw new UsageError(`--keys: ${file} holds no keys`);
  if (count !== undefined && keys.size < count) throw tooFew(count, keys.size, file);
  return { source: file, keys: [...keys] };
}

async function readText(file: string): Promise<string> {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(await readFile(file));
  } catch (cause) {
    const reason = cause instanceof TypeError ? 'it is not UTF-8' : (cause as Error).message;
    throw new UsageError(`--keys: ${file} cannot be read: ${reason}`, { cause });
  }
}

function tooFew(count: number, available: number, where: string): UsageError {
  return new UsageError(`--count: ${where} has ${available} different keys: received ${count}`);
}
