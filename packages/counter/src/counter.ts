import type { WaitOptions } from '@quorate/core';

/** An addition took effect, once. */
export interface Added {
  /** The value directly after it: before it stood this less the delta. */
  readonly value: bigint;
}

/**
 * A number that everybody on a store adds to: a signed 64-bit integer, 0 until somebody has.
 *
 * Linearizable, and each addition counts once, however often it had to be repeated on the way.
 */
export interface Counter {
  readonly name: string;

  /**
   * Adds. What is added at the same time goes to the store as one addition, and each caller still gets a value of its own.
   *
   * @throws TypeError, RangeError where the delta is no integer of 64 bits, or the value would leave 64 bits: not applied
   * @throws QuorateError `ADD_UNKNOWN` where the session that remembered it was lost first; `ABORTED`, `DEADLINE_EXCEEDED`,
   *   `COUNTER_BUSY`, `CLOSED` with an outcome that is the truth: what is `unknown` is carried on with, and may still count
   */
  add(delta: bigint | number, options?: WaitOptions): Promise<Added>;

  /**
   * Adds without a promise for each call: for whoever counts millions a second. {@link flush} tells what became of it.
   *
   * @throws TypeError, RangeError; QuorateError `COUNTER_BUSY`, `CLOSED`
   */
  post(delta: bigint | number): void;

  /**
   * Settles once everything that was posted before this call is counted.
   *
   * @throws QuorateError `POSTS_FAILED` where some of it is not, or may not be: with how much. It is told once
   */
  flush(options?: WaitOptions): Promise<void>;

  /** Reads the value. Every addition that had been acknowledged is in it. */
  get(options?: WaitOptions): Promise<bigint>;
}

/** A counter that is spread over partitions, so that many can add at once. */
export interface ShardedCounter {
  readonly name: string;
  readonly shards: number;

  /** Adds to one of the shards, the same for all of this process. Else as {@link Counter.add}, but it knows of no total. */
  add(delta: bigint | number, options?: WaitOptions): Promise<void>;

  /** As {@link Counter.post}. */
  post(delta: bigint | number): void;

  /** As {@link Counter.flush}. */
  flush(options?: WaitOptions): Promise<void>;

  /**
   * Sums the shards up. No snapshot: each is read at a moment of its own. Every addition that had been acknowledged is in it,
   * of those that are under way any may be. May leave 64 bits where the shards together do.
   */
  get(options?: WaitOptions): Promise<bigint>;
}

/** What one counter is like, beside its name. */
export interface CounterSettings {
  /** Makes it end so many ms after the addition that makes it. See `createCounters`. */
  readonly expiresMs?: number;
}

/** What a sharded counter is like. All who use a name must agree; who reads must know of all shards that are added to. */
export interface ShardSettings {
  /** From 1 to 1,024. */
  readonly shards: number;
}
