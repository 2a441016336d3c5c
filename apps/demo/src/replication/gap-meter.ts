/** A time without an acknowledged write, from the last one of a term to the first one of a later term. */
export interface Gap {
  readonly gapMs: number;
  readonly termBefore: number;
  readonly term: number;
}

/** Measures how long writes wait when leadership goes on to a later term. */
export class GapMeter {
  #term = 0;
  #lastMs = 0;
  #last: Gap | undefined;

  /** The newest gap. */
  get last(): Gap | undefined {
    return this.#last;
  }

  /** A write was acknowledged by the leader of `term`. */
  acknowledged(term: number, atMs: number): void {
    // An answer of the former leader that was long under way ends nobody's wait.
    if (term < this.#term) return;
    if (term > this.#term && this.#term > 0) {
      this.#last = { gapMs: Math.round(atMs - this.#lastMs), termBefore: this.#term, term };
    }
    this.#term = term;
    this.#lastMs = atMs;
  }
}
