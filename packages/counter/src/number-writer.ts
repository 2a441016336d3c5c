/** What became of one addition to a number in the store. */
export type WriteOutcome =
  | { readonly type: 'applied'; readonly value: bigint }
  /** It cannot be: it would leave 64 bits, or there is no number. Certainly not applied. */
  | { readonly type: 'refused'; readonly error: RangeError }
  /** Certainly not applied, and worth another try. */
  | { readonly type: 'again'; readonly cause: unknown }
  /** Certainly not applied, and no use to try. */
  | { readonly type: 'failed'; readonly error: Error }
  /** Nobody can tell any more. */
  | { readonly type: 'unknown'; readonly cause: unknown };

/** Adds to the number of one counter, exactly once for each call that is `applied`. One call at a time. */
export interface NumberWriter {
  write(delta: bigint): Promise<WriteOutcome>;
}
