import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { CommandFailure, fileFailure, usageFailure } from '../failure.ts';
import { type KeySink, KeySplitter } from './key-splitter.ts';

/** Where keys come from and how they are separated. */
export interface KeySource {
  /** A file; without one the keys come from `stdin`. */
  readonly file: string | undefined;
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly separator: 'line' | 'null';
}

/** What was read. */
export interface KeysRead {
  readonly keys: number;
  readonly empty: number;
}

/** Refuses early what could only fail or hang later. @throws CommandFailure */
export async function checkKeySource(source: KeySource): Promise<{ bytes: number | undefined }> {
  if (source.file === undefined) {
    if (source.stdin.isTTY !== true) return { bytes: undefined };
    throw usageFailure(
      'No keys: stdin is a terminal. Redirect a file with one key per line (… < keys.txt), pipe keys in, or give --keys FILE',
    );
  }
  try {
    const { size } = await stat(source.file);
    return { bytes: size };
  } catch (cause) {
    throw fileFailure('Cannot read the keys in', source.file, cause);
  }
}

/**
 * Reads keys as a stream, each given to `sink` as it comes; never more than one chunk and one unfinished key in memory.
 *
 * @param onChunk Called after each chunk with the bytes and keys so far
 * @throws CommandFailure where the source cannot be read, holds no key, or a key is too long
 */
export async function readKeys(
  source: KeySource,
  sink: KeySink,
  onChunk: (bytes: number, keys: number) => void = () => {},
): Promise<KeysRead> {
  const splitter = new KeySplitter(source.separator, sink);
  const stream = source.file === undefined ? source.stdin : createReadStream(source.file);
  let bytes = 0;
  try {
    for await (const chunk of stream) {
      const piece = typeof chunk === 'string' ? Buffer.from(chunk) : (chunk as Buffer);
      splitter.push(piece);
      bytes += piece.length;
      onChunk(bytes, splitter.keys);
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
    throw fileFailure('Cannot read the keys in', source.file ?? 'stdin', error);
  }
  splitter.end();
  if (splitter.keys === 0) {
    const where = source.file ?? 'stdin';
    const found = splitter.empty === 0 ? 'it is empty' : `its ${splitter.empty} entries are all empty`;
    throw new CommandFailure(`There are no keys in ${where}: ${found}`);
  }
  return { keys: splitter.keys, empty: splitter.empty };
}
