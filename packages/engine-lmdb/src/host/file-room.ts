import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** Where in a page that begins an LMDB file, there are two, stand the size of a page, the last page in use and the transaction. */
const [pageSizeAt, lastPageAt, transactionAt] = [48, 144, 152];
const headBytes = 160;

/** What is kept for what takes room away, which needs some first; and by how much the file grows at a time. */
const floorBytes = 4 * 1024 ** 2;
const growthBytes = 4 * 1024 ** 2;
/** Below this nothing is committed. */
const leastBytes = 512 * 1024;

/** A file is looked at again after so many commits, or so many bytes: others write to it as well. */
const commitsMax = 32;
const bytesMax = 1024 ** 2;

const zeros = Buffer.alloc(256 * 1024);

/**
 * Keeps room behind what an LMDB file has in use, by writing zeros there before LMDB needs it.
 *
 * Where the disk is full while LMDB commits, the library writes a text into a piece of memory that is too small for it and the process
 * may end, at once or later. So no commit is begun that might find no room; to be called with the write lock.
 */
export class FileRoom {
  readonly #file: string;
  readonly #head = Buffer.alloc(headBytes);
  #pageBytes = 0;
  #commitsLeft = 0;
  #bytesLeft = 0;

  /** @param folder the database's, which was opened */
  constructor(folder: string) {
    this.#file = join(folder, 'data.mdb');
  }

  /**
   * Makes sure of room for a commit.
   *
   * @param bytes what may be written at most; 0 where it takes room away, which is carried out with what is kept for it
   * @throws Error of Node's `ENOSPC`, `EDQUOT` or `EFBIG`: there is none
   */
  ensure(bytes: number): void {
    if (this.#commitsLeft > 0 && this.#bytesLeft >= bytes) {
      this.#commitsLeft--;
      this.#bytesLeft -= bytes;
      return;
    }
    const descriptor = openSync(this.#file, 'r+');
    try {
      this.#ensure(descriptor, bytes);
    } finally {
      closeSync(descriptor);
    }
  }

  #ensure(descriptor: number, bytes: number): void {
    const usedBytes = this.#usedBytes(descriptor);
    const wantedBytes = bytes + bytesMax + floorBytes;
    let roomBytes = fstatSync(descriptor).size - usedBytes;
    if (roomBytes < wantedBytes) {
      const toBytes = usedBytes + wantedBytes + growthBytes;
      try {
        for (let at = usedBytes + roomBytes; at < toBytes; at = usedBytes + roomBytes) {
          roomBytes += writeSync(descriptor, zeros, 0, Math.min(zeros.length, toBytes - at), at);
        }
      } catch (thrown) {
        if (roomBytes < (bytes === 0 ? leastBytes : bytes + floorBytes)) throw thrown;
      }
    }
    // Where little is left, each commit is looked at.
    const isAmple = roomBytes >= wantedBytes;
    this.#commitsLeft = isAmple ? commitsMax : 0;
    this.#bytesLeft = isAmple ? bytesMax : 0;
  }

  /** How much of the file the last transaction uses. */
  #usedBytes(descriptor: number): number {
    const first = this.#read(descriptor, 0);
    this.#pageBytes ||= this.#head.readUInt32LE(pageSizeAt);
    const second = this.#read(descriptor, this.#pageBytes);
    const last = first.transaction > second.transaction ? first : second;
    return (last.lastPage + 1) * this.#pageBytes;
  }

  #read(descriptor: number, at: number): { readonly lastPage: number; readonly transaction: bigint } {
    readSync(descriptor, this.#head, 0, headBytes, at);
    return {
      lastPage: Number(this.#head.readBigUInt64LE(lastPageAt)),
      transaction: this.#head.readBigUInt64LE(transactionAt),
    };
  }
}
