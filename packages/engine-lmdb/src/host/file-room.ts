import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Written } from './lmdb-bytes.ts';

/** Where in a page that begins an LMDB file, there are two, stand the size of a page, the last page in use and the transaction. */
const [pageSizeAt, lastPageAt, transactionAt] = [48, 144, 152];
const headBytes = 160;

/** What is kept for what takes room away, which needs some first; and by how much the file grows at a time. */
const floorBytes = 4 * 1024 ** 2;
const growthBytes = 4 * 1024 ** 2;
/** What is kept beside it, so that the file need not be looked at before each commit. */
const spareBytes = 1024 ** 2;
/** What a commit takes beside what is written: pages on the way to others, and the list of those that are free. */
const commitBytes = 64 * 1024;
/** What takes away a lot mostly does so in few pages. */
const drainedBytes = 512 * 1024;

const zeros = Buffer.alloc(256 * 1024);

/**
 * Keeps room behind what an LMDB file has in use, by writing zeros there before LMDB needs it.
 *
 * Where the disk is full while LMDB commits, the library writes a text into a piece of memory that is too small for it and the process
 * may end, at once or later. So no transaction is committed that might find no room. It is assumed that no page that was used before is
 * free.
 */
export class FileRoom {
  readonly #file: string;
  readonly #head = Buffer.alloc(headBytes);
  #pageBytes = 0;
  /** The last transaction that asked, and how much the next may take unless somebody else writes in between. */
  #transaction = 0;
  #bytesLeft = 0;

  /** @param folder the database's, which was opened */
  constructor(folder: string) {
    this.#file = join(folder, 'data.mdb');
  }

  /**
   * Makes sure of room for a transaction, at its end.
   *
   * @param isGrowth whether to leave what is kept for those that take room away
   * @throws Error of Node's `ENOSPC`, `EDQUOT` or `EFBIG`: there is none, and nothing may be committed
   */
  ensure(written: Written, transaction: number, isGrowth: boolean): void {
    const copiedBytes = written.changeCount * this.#pageBytes;
    const bytes = written.bytes + copiedBytes + commitBytes;
    const isNext = transaction === this.#transaction + 1;
    this.#transaction = transaction;
    if (isNext && this.#bytesLeft >= bytes) {
      this.#bytesLeft -= bytes;
      return;
    }
    const descriptor = openSync(this.#file, 'r+');
    try {
      this.#ensure(descriptor, written, isGrowth);
    } finally {
      closeSync(descriptor);
    }
  }

  /** Has the next one look at the file: a transaction was not committed, so that another may have its number. */
  forget(): void {
    this.#bytesLeft = 0;
  }

  #ensure(descriptor: number, { changeCount, bytes: newBytes }: Written, isGrowth: boolean): void {
    const usedBytes = this.#usedBytes(descriptor);
    // A page is copied once, however much in it changes.
    const copiedBytes = Math.min(
      changeCount * this.#pageBytes,
      isGrowth ? usedBytes : Math.min(usedBytes, drainedBytes),
    );
    const neededBytes = newBytes + copiedBytes + commitBytes;
    const wantedBytes = neededBytes + spareBytes + floorBytes;
    let roomBytes = fstatSync(descriptor).size - usedBytes;
    if (roomBytes < wantedBytes) {
      const toBytes = usedBytes + wantedBytes + growthBytes;
      try {
        for (let at = usedBytes + roomBytes; at < toBytes; at = usedBytes + roomBytes) {
          roomBytes += writeSync(descriptor, zeros, 0, Math.min(zeros.length, toBytes - at), at);
        }
      } catch (thrown) {
        if (roomBytes < neededBytes + (isGrowth ? floorBytes : 0)) throw thrown;
      }
    }
    // Where little is left, each transaction is looked at.
    this.#bytesLeft = Math.max(0, roomBytes - neededBytes - floorBytes);
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
