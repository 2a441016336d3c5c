/** A range of keys: from `start` up to before `end`, or, in reverse, from before `end` down to `start`. */
export interface ByteRange {
  readonly start: Uint8Array;
  readonly end: Uint8Array;
  readonly reverse?: boolean;
  /** At most this many keys. Default: all. */
  readonly limit?: number;
}

/** The value of what only has a key. */
export const noBytes: Uint8Array = Buffer.alloc(0);

/**
 * Byte strings under byte strings, in order of their bytes: all that this engine asks of LMDB. Inside a transaction of the writer it
 * shows the transaction's own state, elsewhere the latest that was committed.
 */
export interface SortedBytes {
  /** The value, which is the caller's; undefined where there is none. */
  get(key: Uint8Array): Buffer | undefined;
  put(key: Uint8Array, value: Uint8Array): void;
  remove(key: Uint8Array): void;
  /** The keys of a range, in order. */
  keys(range: ByteRange): Uint8Array[];
  /** How many keys there are in a range. O(n), but without making any of them. */
  count(range: ByteRange): number;
}
