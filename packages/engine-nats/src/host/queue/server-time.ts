import type { Clock } from '@quorate/core';

/** By so much a time may come late before it is to be asked whether the server's clock was set back, ms. */
const lateMaxMs = 1000;

/** What time it is at the server, by what it has told: never later than it is there, as long as its clock is not set back. */
export class ServerTime {
  readonly #clock: Clock;
  #offsetMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The server was asked, and has told its time a moment ago. */
  set(atMs: number): void {
    this.#offsetMs = atMs - this.#clock.monotonicMs();
  }

  /** It was that time at the server when it stored what is heard of now. @returns false where that was long ago, or its clock was set back */
  sample(atMs: number): boolean {
    const offsetMs = atMs - this.#clock.monotonicMs();
    if (offsetMs > this.#offsetMs) this.#offsetMs = offsetMs;
    return offsetMs >= this.#offsetMs - lateMaxMs;
  }

  /** -Infinity where it was never told. */
  nowMs(): number {
    return this.#clock.monotonicMs() + this.#offsetMs;
  }
}
