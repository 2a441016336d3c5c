import type { Clock, Timer } from '@quorate/core';

/**
 * A clock that can be stopped, as that of a process is by SIGSTOP: time goes on, and no timer fires until it goes on as well. And
 * whose wall time can be set, as people do.
 */
export class StoppableClock implements Clock {
  readonly #clock: Clock;
  #wallOffsetMs = 0;
  #isStopped = false;
  readonly #held = new Set<() => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get bootId(): Clock['bootId'] {
    return this.#clock.bootId;
  }

  wallMs(): number {
    return this.#clock.wallMs() + this.#wallOffsetMs;
  }

  monotonicMs(): number {
    return this.#clock.monotonicMs();
  }

  bootMs(): number {
    return this.#clock.bootMs();
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    const fire = (): void => {
      if (this.#isStopped) this.#held.add(callback);
      else callback();
    };
    const timer = this.#clock.setTimer(delayMs, fire);
    const cancel = (): void => {
      timer.cancel();
      this.#held.delete(callback);
    };
    return { cancel, ref: () => timer.ref(), unref: () => timer.unref(), [Symbol.dispose]: cancel };
  }

  /** From now on no timer fires. */
  stop(): void {
    this.#isStopped = true;
  }

  /** Fires what fell due meanwhile. */
  goOn(): void {
    this.#isStopped = false;
    for (const callback of this.#held) {
      this.#held.delete(callback);
      callback();
    }
  }

  /** Sets the wall time forward or back. */
  stepWall(deltaMs: number): void {
    this.#wallOffsetMs += deltaMs;
  }
}
