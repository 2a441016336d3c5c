import type { Clock, Random, Timer } from '@quorate/core';
import { checkRetryPolicy, retryDelayMs } from './retry-policy.ts';

const policy = checkRetryPolicy({ delayMs: 100, delayMaxMs: 5000 });

/** For how long nothing is asked of a store that failed: longer with each failure, until it answers. */
export class TroubleRest implements Disposable {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #onOver: () => void;
  #timer: Timer | undefined;
  #failureCount = 0;

  constructor(clock: Clock, random: Random, onOver: () => void) {
    this.#clock = clock;
    this.#random = random;
    this.#onOver = onOver;
  }

  get isOn(): boolean {
    return this.#timer !== undefined;
  }

  failed(): void {
    const delayMs = retryDelayMs(policy, ++this.#failureCount, this.#random);
    this.#timer ??= this.#clock.setTimer(delayMs, () => {
      this.#timer = undefined;
      this.#onOver();
    });
  }

  answered(): void {
    this.#failureCount = 0;
  }

  [Symbol.dispose](): void {
    this.#timer?.cancel();
  }
}
