import { type Clock, systemClock, type Timer } from '@quorate/core';

/** The system's clock, going faster or slower than it. The wall is as wrong as somebody set it. */
export class DriftingClock implements Clock {
  readonly bootId = systemClock.bootId;
  readonly #rate: number;
  readonly #aheadMs: number;

  /** @param rate how many of its milliseconds pass in a real one */
  constructor(rate: number, aheadMs: number) {
    this.#rate = rate;
    this.#aheadMs = aheadMs;
  }

  wallMs(): number {
    return systemClock.wallMs() + this.#aheadMs;
  }

  monotonicMs(): number {
    return systemClock.monotonicMs() * this.#rate;
  }

  bootMs(): number {
    return systemClock.bootMs() * this.#rate;
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    return systemClock.setTimer(delayMs / this.#rate, callback);
  }
}
