import type { Clock, Timer } from '@quorate/core';

/** What passes with time. */
export interface TickerListener {
  /** So many ticks have passed, at least 1. */
  onTicks(count: number): void;
  /** Nothing ran here for so long, more than a few ticks: whatever rests on time is to be doubted. */
  onPause(forMs: number): void;
}

/** From this many ticks at once on it was a pause. */
const pauseTicks = 4;

/**
 * Turns time into ticks. It goes by the monotonic clock and by boot time, whichever has moved further: a machine that was
 * suspended or a process that was stopped must not believe that its lease still holds.
 */
export class Ticker implements Disposable {
  readonly #clock: Clock;
  readonly #tickMs: number;
  readonly #listener: TickerListener;
  #timer: Timer | undefined;
  #monotonicMs: number;
  #bootMs: number;
  /** What passed since the last whole tick. */
  #restMs = 0;
  #disposed = false;

  constructor(clock: Clock, tickMs: number, listener: TickerListener) {
    this.#clock = clock;
    this.#tickMs = tickMs;
    this.#listener = listener;
    this.#monotonicMs = clock.monotonicMs();
    this.#bootMs = clock.bootMs();
    this.#arm();
  }

  /** Hands over the ticks that have passed, without waiting for the timer: before whatever rests on a lease. */
  catchUp(): void {
    const monotonicMs = this.#clock.monotonicMs();
    const bootMs = this.#clock.bootMs();
    this.#restMs += Math.max(0, monotonicMs - this.#monotonicMs, bootMs - this.#bootMs);
    this.#monotonicMs = monotonicMs;
    this.#bootMs = bootMs;
    const count = Math.floor(this.#restMs / this.#tickMs);
    if (count === 0) return;
    const passedMs = this.#restMs;
    this.#restMs -= count * this.#tickMs;
    if (count >= pauseTicks) this.#listener.onPause(passedMs);
    this.#listener.onTicks(count);
  }

  [Symbol.dispose](): void {
    this.#disposed = true;
    this.#timer?.cancel();
  }

  #arm(): void {
    if (!this.#disposed) this.#timer = this.#clock.setTimer(this.#tickMs - this.#restMs, this.#onTimer);
  }

  readonly #onTimer = (): void => {
    this.catchUp();
    this.#arm();
  };
}
