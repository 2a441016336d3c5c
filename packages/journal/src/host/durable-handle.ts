import fs from 'node:fs';
import { diskError } from './disk-error.ts';

/**
 * Opens a file so that each write is durable when it returns. Only Linux means by it what `fdatasync` means there: on macOS
 * it does not reach the medium, and Windows has no such flag in Node.
 */
const durably = process.platform === 'linux' ? fs.constants.O_DSYNC : undefined;

/**
 * A second handle of a file, for writes that are durable when they are done: one call where a write and a sync are two, each
 * of which is a way to a thread of libuv's pool and back.
 *
 * @param fd of the file itself
 * @returns `undefined` where there is none to be had, and write and sync must do
 */
export function openDurably(path: string, fd: number): number | undefined {
  if (durably === undefined) return undefined;
  let second: number | undefined;
  try {
    second = fs.openSync(path, fs.constants.O_RDWR | durably);
    const [mine, its] = [fs.fstatSync(fd, { bigint: true }), fs.fstatSync(second, { bigint: true })];
    // Renamed since, or replaced: the path leads elsewhere.
    if (mine.ino === its.ino && mine.dev === its.dev) return second;
  } catch {
    // No more files may be opened, for one.
  }
  if (second !== undefined) fs.closeSync(second);
  return undefined;
}

/**
 * What the failure of a durable write means. That no room was found may come from the write, which then left something out,
 * or from the sync within it: then all of it may be in the page cache and reach the medium yet, and nobody may be told that
 * it was not applied. What the file has now tells which.
 *
 * @throws QuorateError `STORAGE_FULL`, or `IO_FAILED` as of a sync
 */
export function failDurably(
  error: unknown,
  name: string,
  fd: number,
  chunks: readonly Uint8Array[],
  offset: number,
): never {
  const known = diskError(error, `a write to "${name}"`);
  if (known.code !== 'STORAGE_FULL' || !isThere(fd, chunks, offset)) throw known;
  throw diskError(new Error(known.message, { cause: error }), `a write to "${name}"`);
}

/** Whether the file has all of it; what cannot be read may be. */
function isThere(fd: number, chunks: readonly Uint8Array[], offset: number): boolean {
  let at = offset;
  try {
    for (const chunk of chunks) {
      const found = new Uint8Array(chunk.length);
      const count = fs.readSync(fd, found, 0, found.length, at);
      if (count < chunk.length || Buffer.compare(found, chunk) !== 0) return false;
      at += chunk.length;
    }
  } catch {
    return true;
  }
  return true;
}
