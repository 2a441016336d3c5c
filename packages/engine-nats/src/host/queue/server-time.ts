import type { Clock } from '@quorate/core';

/** By so much a time that was told may come late before the server's clock must have been set back, ms. */
const lateMaxMs = 1000;

/** What time it is at the server, by what it has told: never later than it is there, as long as its clock is not set back. */
export class ServerTime {
  readonly #clock: Clock;
  #offsetMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The server has told its time, a moment ago. */
  sample(atMs: number): void {
    const offsetMs = atMs - this.#clock.monotonicMs();
    if (offsetMs > this.#offsetMs || offsetMs < this.#offsetMs - lateMaxMs) this.#offsetMs = offsetMs;
  }

  /** -Infinity where it was never told. */
  nowMs(): number {
    return this.#clock.monotonicMs() + this.#offsetMs;
  }
}
