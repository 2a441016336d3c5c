import type { Clock, Timer } from '@quorate/core';

/**
 * Notices that the machine, or this process alone, stood still: a timer that is set again and again comes late by as much.
 *
 * Whoever is not run can renew nothing, so that of a correct store, too, a session dies then.
 */
export class Stillness implements Disposable {
  readonly #clock: Clock;
  readonly #everyMs: number;
  #timer: Timer;
  #lastMs: number;
  #longestMs = 0;

  constructor(clock: Clock, everyMs: number) {
    this.#clock = clock;
    this.#everyMs = everyMs;
    this.#lastMs = clock.monotonicMs();
    this.#timer = clock.setTimer(everyMs, this.#look);
  }

  /** For how long it stood still at most, ms: also just now, before any timer could fire. */
  get longestMs(): number {
    this.#measure();
    return this.#longestMs;
  }

  /** Counts what took as long though it needs no time to speak of. */
  took(durationMs: number): void {
    this.#longestMs = Math.max(this.#longestMs, durationMs);
  }

  [Symbol.dispose](): void {
    this.#timer.cancel();
  }

  readonly #look = (): void => {
    this.#measure();
    this.#lastMs = this.#clock.monotonicMs();
    this.#timer = this.#clock.setTimer(this.#everyMs, this.#look);
  };

  #measure(): void {
    this.took(this.#clock.monotonicMs() - this.#lastMs - this.#everyMs);
  }
}
