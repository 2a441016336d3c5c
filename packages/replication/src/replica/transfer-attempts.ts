import type { LogIndex } from '@quorate/core';

/** How far a follower was brought by an attempt, and how that ended. */
interface Attempt {
  readonly index: LogIndex;
  acknowledged: number;
  end: 'complete' | 'failed' | undefined;
}

/**
 * How the transfers to one follower went. One whose disk is full asks for its snapshot again as soon as it was refused, which
 * would be the whole of it with each heartbeat: it is made to wait, each time for twice as long, until it comes further.
 */
export class TransferAttempts {
  readonly #waitMinMs: number;
  readonly #waitMaxMs: number;
  #last: Attempt | undefined;
  /** The most that any attempt came to. */
  #furthest = 0;
  #failures = 0;

  constructor(waitMinMs: number, waitMaxMs: number) {
    this.#waitMinMs = waitMinMs;
    this.#waitMaxMs = waitMaxMs;
  }

  /** How many have failed, each of which came no further than one before. */
  get failures(): number {
    return this.#failures;
  }

  get last(): { readonly index: LogIndex; readonly acknowledged: number } | undefined {
    return this.#last;
  }

  begun(index: LogIndex): void {
    this.#last = { index, acknowledged: 0, end: undefined };
  }

  ended(acknowledged: number, isComplete: boolean): void {
    if (this.#last === undefined) return;
    this.#last.acknowledged = acknowledged;
    this.#last.end = isComplete ? 'complete' : 'failed';
  }

  /**
   * The follower needs another. What was complete has failed all the same where the follower does not hold it: there was no
   * room to install it.
   *
   * @param match what it is known to hold
   * @returns for how long it has to wait
   */
  again(match: number): number {
    const { index, acknowledged, end } = this.#last ?? {};
    if (end === undefined || index === undefined || acknowledged === undefined) return 0;
    const isFurther = end === 'complete' ? match >= index : acknowledged > this.#furthest;
    this.#furthest = Math.max(this.#furthest, acknowledged);
    this.#failures = isFurther ? 0 : this.#failures + 1;
    if (this.#failures === 0) return 0;
    return Math.min(this.#waitMinMs * 2 ** (this.#failures - 1), this.#waitMaxMs);
  }
}
