import { type Clock, type Random, sleep } from '@quorate/core';

const firstMs = 5;
const longestMs = 1000;

/** The rests between tries: they double from 5 ms up to a second, each drawn between half of that and all, so that clients part. */
export class Pauses {
  readonly #clock: Clock;
  readonly #random: Random;
  #nextMs = firstMs;

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  reset(): void {
    this.#nextMs = firstMs;
  }

  /** Rests; no longer than until the signal aborts. */
  async rest(signal?: AbortSignal): Promise<void> {
    const restMs = this.#nextMs * (0.5 + this.#random.float() / 2);
    this.#nextMs = Math.min(longestMs, this.#nextMs * 2);
    await sleep(this.#clock, restMs, { signal }).catch(() => {});
  }
}
