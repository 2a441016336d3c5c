import type { Clock, Timer } from '@quorate/core';

/** Calls back again and again until it is cancelled. Keeps no process alive. */
export class Every {
  readonly #clock: Clock;
  readonly #periodMs: number;
  readonly #callback: () => void;
  #timer: Timer | undefined;

  constructor(clock: Clock, periodMs: number, callback: () => void) {
    this.#clock = clock;
    this.#periodMs = periodMs;
    this.#callback = callback;
    this.#arm();
  }

  cancel(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #arm(): void {
    this.#timer = this.#clock.setTimer(this.#periodMs, () => {
      this.#arm();
      this.#callback();
    });
    this.#timer.unref();
  }
}
