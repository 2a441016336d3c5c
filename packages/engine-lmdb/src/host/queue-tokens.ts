import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from '@quorate/core';

const fileName = 'tokens';
const recordBytes = 12;

/**
 * Up to where fencing tokens were given, for all processes of this boot: a lease is answered before it is on disk, and where it then
 * does not get there, its token must not be given again. It is read and written with the write lock in hand, and never synced: the
 * next boot begins above all that are reserved.
 */
export class QueueTokens implements Disposable {
  readonly #descriptor: number;
  readonly #bytes = Buffer.alloc(recordBytes);

  constructor(folder: string) {
    this.#descriptor = openSync(join(folder, fileName), constants.O_RDWR | constants.O_CREAT, 0o666);
  }

  /** 0 where none was ever given. */
  last(): number {
    const bytes = this.#bytes;
    if (readSync(this.#descriptor, bytes, 0, recordBytes, 0) < recordBytes) return 0;
    return bytes.readUInt32LE(8) === crc32(bytes, 0, 8) ? bytes.readDoubleLE(0) : 0;
  }

  /** @throws Error of the file system */
  give(last: number): void {
    const bytes = this.#bytes;
    bytes.writeDoubleLE(last, 0);
    bytes.writeUInt32LE(crc32(bytes, 0, 8), 8);
    if (writeSync(this.#descriptor, bytes, 0, recordBytes, 0) < recordBytes)
      throw new Error('The file of tokens was cut short');
  }

  [Symbol.dispose](): void {
    closeSync(this.#descriptor);
  }
}
