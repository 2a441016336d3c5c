import type { Clock, Timer } from '@quorate/core';

/** What waits for its time. */
export interface Due {
  /** Its time has come; it is not in the book any more. */
  onDue(): void;
}

/**
 * When waits are over: one timer for all of them, for a timer of each write's own costs more than the write.
 *
 * Times are whole milliseconds of the monotonic clock, rounded down: a wait ends up to 1 ms early, never late.
 */
export class DeadlineBook implements Disposable {
  readonly #clock: Clock;
  readonly #buckets = new Map<number, Set<Due>>();
  #timer: Timer | undefined;
  #timerAt = Number.POSITIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @returns the place that {@link remove} asks for */
  add(due: Due, atMs: number): number {
    const place = Math.floor(atMs);
    const bucket = this.#buckets.get(place);
    if (bucket === undefined) this.#buckets.set(place, new Set([due]));
    else bucket.add(due);
    if (place < this.#timerAt) this.#arm(place);
    return place;
  }

  remove(due: Due, place: number): void {
    const bucket = this.#buckets.get(place);
    if (!bucket?.delete(due) || bucket.size > 0) return;
    this.#buckets.delete(place);
    if (this.#buckets.size > 0) return;
    // Nobody waits: no timer is left behind.
    this.#timer?.cancel();
    this.#timerAt = Number.POSITIVE_INFINITY;
  }

  [Symbol.dispose](): void {
    this.#timer?.cancel();
    this.#timerAt = Number.POSITIVE_INFINITY;
    this.#buckets.clear();
  }

  #arm(place: number): void {
    this.#timer?.cancel();
    this.#timerAt = place;
    const delayMs = Math.max(0, place - this.#clock.monotonicMs());
    this.#timer = this.#clock.setTimer(delayMs, this.#onTimer);
  }

  readonly #onTimer = (): void => {
    this.#timerAt = Number.POSITIVE_INFINITY;
    this.#timer = undefined;
    const nowMs = this.#clock.monotonicMs();
    // Sorted, so that what is due together ends in the order of its times.
    const places = [...this.#buckets.keys()].filter(place => place <= nowMs).sort((a, b) => a - b);
    for (const place of places) {
      const bucket = this.#buckets.get(place);
      this.#buckets.delete(place);
      for (const due of bucket ?? []) due.onDue();
    }
    let next = Number.POSITIVE_INFINITY;
    for (const place of this.#buckets.keys()) next = Math.min(next, place);
    if (next < this.#timerAt) this.#arm(next);
  };
}
