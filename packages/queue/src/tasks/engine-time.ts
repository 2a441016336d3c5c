import type { Clock, QueueStore } from '@quorate/core';

/** After so long the engine is asked again. */
const freshMs = 5000;

/** The engine's clock without a call for each reading: it is asked now and then, and reckoned on in between. */
export class EngineTime {
  readonly #store: QueueStore;
  readonly #clock: Clock;
  #askedMs = Number.NEGATIVE_INFINITY;
  #offsetMs = 0;
  #asking: Promise<void> | undefined;

  constructor(store: QueueStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  async now(): Promise<number> {
    if (this.#clock.monotonicMs() - this.#askedMs >= freshMs) {
      this.#asking ??= this.#ask().finally(() => {
        this.#asking = undefined;
      });
      await this.#asking;
    }
    return this.#clock.monotonicMs() + this.#offsetMs;
  }

  async #ask(): Promise<void> {
    const beforeMs = this.#clock.monotonicMs();
    try {
      const nowMs = await this.#store.now({ deadlineMs: freshMs });
      this.#askedMs = beforeMs;
      this.#offsetMs = nowMs - beforeMs;
    } catch (thrown) {
      // What it said before is better than nothing: it is for times to live.
      if (this.#askedMs === Number.NEGATIVE_INFINITY) throw thrown;
    }
  }
}
