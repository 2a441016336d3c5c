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

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#database.getBinary(key);
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
}
