import { type Clock, systemClock, type Timer } from '@quorate/core';

/** The system's clock, with a wall that somebody sets. */
export class JumpingClock implements Clock {
  readonly bootId = systemClock.bootId;
  #aheadMs = 0;

  /** Sets the wall clock forward, or back. */
  jump(byMs: number): void {
    this.#aheadMs += byMs;
  }

  wallMs(): number {
    return systemClock.wallMs() + this.#aheadMs;
  }

  monotonicMs(): number {
    return systemClock.monotonicMs();
  }

  bootMs(): number {
    return systemClock.bootMs();
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    return systemClock.setTimer(delayMs, callback);
  }
}
