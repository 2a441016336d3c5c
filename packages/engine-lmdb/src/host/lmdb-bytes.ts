import type { Database } from 'lmdb';
import type { ByteRange, SortedBytes } from '../sorted-bytes.ts';

/** What this engine uses of LMDB: keys and values are bytes. */
export type LmdbDatabase = Database<Uint8Array, Uint8Array>;

/** An LMDB database as sorted bytes. */
export class LmdbBytes implements SortedBytes {
  readonly #database: LmdbDatabase;

  constructor(database: LmdbDatabase) {
    this.#database = database;
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
    // Inside a transaction it is done at once.
    void this.#database.put(key, value);
  }

  remove(key: Uint8Array): void {
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
