import { type Clock, sleep } from '@quorate/core';
import type { Limiter } from '../working/limiter.ts';
import type { CheckedRate } from './rate.ts';

/** Reserves turns, one `intervalMs` after the other. Says when the first is, on the monotonic clock of this process. */
export type ReserveTurns = (count: number, signal: AbortSignal) => Promise<number>;

/** For how long ahead turns are reserved at a time, so that a fast rate does not cost a call for each start. */
const blockMs = 100;

/**
 * Lets handlers start when their turns come (GCRA: ITU-T I.371): turns are reserved a block at a time. A turn that was not used a
 * block later is lost, so that those of an idle consumer do not add up.
 */
export class RateLimiter implements Limiter {
  readonly #clock: Clock;
  readonly #rate: CheckedRate;
  readonly #reserve: ReserveTurns;
  #turnMs = 0;
  #turnCount = 0;

  constructor(clock: Clock, rate: CheckedRate, reserve: ReserveTurns) {
    this.#clock = clock;
    this.#rate = rate;
    this.#reserve = reserve;
  }

  take(countMax: number): number {
    const { intervalMs, toleranceMs } = this.#rate;
    const nowMs = this.#clock.monotonicMs();
    let count = 0;
    while (this.#turnCount > 0 && count < countMax && this.#turnMs - toleranceMs <= nowMs) {
      if (this.#turnMs >= nowMs - Math.max(blockMs, intervalMs)) count++;
      this.#turnMs += intervalMs;
      this.#turnCount--;
    }
    return count;
  }

  async wait(count: number, signal: AbortSignal): Promise<void> {
    const { intervalMs, toleranceMs, burst } = this.#rate;
    if (this.#turnCount === 0) {
      const wanted = Math.min(count, Math.max(1, burst, Math.floor(blockMs / intervalMs)));
      this.#turnMs = await this.#reserve(wanted, signal);
      this.#turnCount = wanted;
    }
    const restMs = this.#turnMs - toleranceMs - this.#clock.monotonicMs();
    if (restMs > 0) await sleep(this.#clock, restMs, { signal });
  }
}

/** Turns of this process alone. */
export function localTurns(clock: Clock, { intervalMs }: CheckedRate): ReserveTurns {
  let nextMs = 0;
  return async count => {
    const firstMs = Math.max(nextMs, clock.monotonicMs());
    nextMs = firstMs + count * intervalMs;
    return firstMs;
  };
}
