import type { Limiter } from '../working/limiter.ts';

/** Lets as many messages start as there is room for, and no more than another limiter does. */
export class RoomLimiter implements Limiter {
  readonly #roomOf: () => number;
  #inner: Limiter | undefined;
  /** Let through, and not arrived yet. */
  #comingCount = 0;
  #onRoom: (() => void) | undefined;

  constructor(roomOf: () => number) {
    this.#roomOf = roomOf;
  }

  within(inner: Limiter | undefined): this {
    this.#inner = inner;
    return this;
  }

  take(countMax: number): number {
    const wanted = Math.min(countMax, this.#free);
    const count = this.#inner === undefined || wanted === 0 ? wanted : this.#inner.take(wanted);
    this.#comingCount += count;
    return count;
  }

  async wait(count: number, signal: AbortSignal): Promise<void> {
    if (this.#free > 0) {
      await this.#inner?.wait(count, signal);
      return;
    }
    await new Promise<void>(resolve => {
      this.#onRoom = resolve;
      signal.addEventListener('abort', this.more, { once: true });
    });
    signal.removeEventListener('abort', this.more);
    this.#onRoom = undefined;
  }

  /** So many that were let through did not start. */
  putBack(count: number): void {
    this.came(count);
    this.more();
  }

  /** So many that were let through are counted in the room now. */
  came(count: number): void {
    this.#comingCount = Math.max(0, this.#comingCount - count);
  }

  /** There may be more room. */
  readonly more = (): void => this.#onRoom?.();

  get #free(): number {
    return Math.max(0, this.#roomOf() - this.#comingCount);
  }
}
