import type { Database } from 'lmdb';
import type { ByteRange, SortedBytes } from '../sorted-bytes.ts';

/** What this engine uses of LMDB: keys and values are bytes. */
export type LmdbDatabase = Database<Uint8Array, Uint8Array>;

/** What a transaction wrote. */
export interface Written {
  /** How often a key was written or removed. */
  readonly changeCount: number;
  /** What new pages for it take at most. */
  readonly bytes: number;
}

/** What LMDB keeps in pages of its own is longer than this; other pages are half full at least. */
const smallBytes = 1024;
const pageBytes = 4096;
/** Of a record, at most. */
const headBytes = 16;

/** An LMDB database as sorted bytes. */
export class LmdbBytes implements SortedBytes {
  readonly #database: LmdbDatabase;
  #changeCount = 0;
  #newBytes = 0;

  constructor(database: LmdbDatabase) {
    this.#database = database;
  }

  /** Says what is written from now on: a transaction begins. */
  begin(): void {
    this.#changeCount = 0;
    this.#newBytes = 0;
  }

  /** What was written since it began. */
  get written(): Written {
    return { changeCount: this.#changeCount, bytes: this.#newBytes };
  }

  get(key: Uint8Array): Buffer | undefined {
    const shared = this.#database.getBinaryFast(key);
    if (shared === undefined) return undefined;
    // What LMDB gives is overwritten by the next that is read. A piece of a pool is cheaper than a buffer of its own.
    const own = Buffer.allocUnsafe(shared.length);
    shared.copy(own, 0, 0, shared.length);
    return own;
  }

  put(key: Uint8Array, value: Uint8Array): void {
    this.#changeCount++;
    const { length } = value;
    this.#newBytes += length > smallBytes ? length + pageBytes : 2 * (length + key.length + headBytes);
    // Inside a transaction it is done at once.
    void this.#database.put(key, value);
  }

  remove(key: Uint8Array): void {
    this.#changeCount++;
    void this.#database.remove(key);
  }

  keys({ start, end, reverse = false, limit }: ByteRange): Uint8Array[] {
    const bounds = reverse
      ? { start: end, exclusiveStart: true, end: start, inclusiveEnd: true, reverse }
      : { start, end };
    return [...this.#database.getKeys(limit === undefined ? bounds : { ...bounds, limit })];
  }

  count({ start, end }: ByteRange): number {
    return this.#database.getKeysCount({ start, end });
  }
}
