import type { Clock } from '@quorate/core';
import type { LeaderMoment } from '../wire/entry-payload.ts';
import { wholeMs } from '../wire/uint48.ts';

/** The times that a leader writes into its entries. */
export class LeaderClock {
  readonly #clock: Clock;
  #latestMs = 0;
  #tookOfficeMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A leader's time that an entry of this log carries: no later one is less. */
  observe(timeMs: number): void {
    if (timeMs > this.#latestMs) this.#latestMs = timeMs;
  }

  takeOffice(): void {
    this.#tookOfficeMs = this.#clock.monotonicMs();
  }

  now(): LeaderMoment {
    this.observe(wholeMs(this.#clock.wallMs()));
    return {
      timeMs: this.#latestMs,
      elapsedMs: wholeMs(this.#clock.monotonicMs() - this.#tookOfficeMs),
    };
  }
}
