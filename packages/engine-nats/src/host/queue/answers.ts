import { QuorateError, type Unknown } from '@quorate/core';

/**
 * What becomes of the items of one call, told one by one: a promise for all of them, since one for each would be a good part of
 * what an item costs.
 */
export class Answers<Result> {
  /** One result for each. Rejects where all have failed for certain, as the first of them has. */
  readonly all: Promise<readonly (Result | Unknown)[]>;
  readonly #results: (Result | Unknown)[];
  #resolve!: (results: readonly (Result | Unknown)[]) => void;
  #reject!: (thrown: unknown) => void;
  #left: number;
  #failedFirst: unknown;
  #failedFirstAt = Number.POSITIVE_INFINITY;
  #isCertain = true;

  /** @param count how many items there are, 1 at least */
  constructor(count: number) {
    this.#results = new Array<Result | Unknown>(count);
    this.#left = count;
    this.all = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  settle(place: number, result: Result): void {
    this.#results[place] = result;
    this.#isCertain = false;
    this.#count();
  }

  reject(place: number, thrown: unknown): void {
    this.#results[place] = { outcome: 'unknown', cause: thrown as QuorateError };
    if (thrown instanceof QuorateError && thrown.outcome === 'unknown') this.#isCertain = false;
    if (place < this.#failedFirstAt) [this.#failedFirst, this.#failedFirstAt] = [thrown, place];
    this.#count();
  }

  #count(): void {
    if (--this.#left > 0) return;
    if (this.#isCertain) this.#reject(this.#failedFirst);
    else this.#resolve(this.#results);
  }
}
