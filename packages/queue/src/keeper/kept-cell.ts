/** The index of each word, in microseconds of the main thread's monotonic clock. */
const keptWord = 0;
const horizonWord = 1;
const cellBytes = 16;

/**
 * What a keeper's thread tells the thread of the handlers though that may not have turned for long: since when all leases are kept
 * that were there at a time. In shared memory, for messages are only read after timers have run.
 */
export class KeptCell {
  readonly buffer: SharedArrayBuffer;
  readonly #words: BigInt64Array;

  constructor(buffer: SharedArrayBuffer = new SharedArrayBuffer(cellBytes)) {
    this.buffer = buffer;
    this.#words = new BigInt64Array(buffer);
  }

  /** All that was known of at `horizonMs` was extended at `keptMs` or later. */
  write(keptMs: number, horizonMs: number): void {
    // In this order, and read in the other one: a horizon that is seen belongs to what is kept, or to what was kept before.
    Atomics.store(this.#words, keptWord, micros(keptMs));
    Atomics.store(this.#words, horizonWord, micros(horizonMs));
  }

  /** Since when a lease is kept that was there at `addedMs`; undefined where it may not be. */
  read(addedMs: number): number | undefined {
    const horizon = Atomics.load(this.#words, horizonWord);
    const kept = Atomics.load(this.#words, keptWord);
    return horizon !== 0n && micros(addedMs) <= horizon ? Number(kept) / 1000 : undefined;
  }
}

function micros(ms: number): bigint {
  return BigInt(Math.floor(ms * 1000));
}
