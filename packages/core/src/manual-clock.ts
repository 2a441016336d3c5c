import type { Clock, Timer } from './clock.ts';
import { type BootId, bootId } from './ids.ts';
import { invariant } from './invariant.ts';

interface Pending {
  readonly dueMs: number;
  readonly order: number;
  readonly callback: () => void;
}

/** Where a {@link ManualClock} starts. */
export interface ManualClockOptions {
  /** Wall time at the start. Default 0. */
  readonly wallMs?: number;
  /** Boot time at the start. Default 0. */
  readonly bootMs?: number;
  /** Default `manual`. Clocks of one simulated machine share it. */
  readonly bootId?: string;
}

/**
 * A clock that moves when it is told to: for tests, and for whoever drives time by hand.
 *
 * Timers that are due at the same time fire in the order in which they were set. Callbacks run synchronously inside
 * {@link advance}; what they schedule for a time within the same advance fires in it too.
 */
export class ManualClock implements Clock {
  readonly bootId: BootId;
  #elapsedMs = 0;
  #wallOriginMs: number;
  readonly #bootOriginMs: number;
  #order = 0;
  readonly #pending = new Set<Pending>();

  constructor(options: ManualClockOptions = {}) {
    this.#wallOriginMs = options.wallMs ?? 0;
    this.#bootOriginMs = options.bootMs ?? 0;
    this.bootId = bootId(options.bootId ?? 'manual');
  }

  /** How many timers wait. A test that ends with some left has found a leak. */
  get timerCount(): number {
    return this.#pending.size;
  }

  wallMs(): number {
    return this.#wallOriginMs + this.#elapsedMs;
  }

  monotonicMs(): number {
    return this.#elapsedMs;
  }

  bootMs(): number {
    return this.#bootOriginMs + this.#elapsedMs;
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    if (!(delayMs >= 0) || delayMs === Number.POSITIVE_INFINITY) {
      throw new RangeError(`Delay in ms must be a finite number of at least 0: received ${delayMs}`);
    }
    const pending: Pending = { dueMs: this.#elapsedMs + delayMs, order: this.#order++, callback };
    this.#pending.add(pending);
    const cancel = (): void => void this.#pending.delete(pending);
    return { cancel, ref() {}, unref() {}, [Symbol.dispose]: cancel };
  }

  /**
   * Moves all three readings forward and fires what falls due, each timer at its own time.
   *
   * @throws RangeError unless `durationMs` is a finite number of at least 0
   */
  advance(durationMs: number): void {
    if (!(durationMs >= 0) || durationMs === Number.POSITIVE_INFINITY) {
      throw new RangeError(`Duration in ms must be a finite number of at least 0: received ${durationMs}`);
    }
    const endMs = this.#elapsedMs + durationMs;
    for (let next = this.#earliest(endMs); next !== undefined; next = this.#earliest(endMs)) {
      invariant(next.dueMs >= this.#elapsedMs, 'a manual clock never goes back');
      this.#elapsedMs = next.dueMs;
      this.#pending.delete(next);
      next.callback();
    }
    // A callback may itself have advanced the clock further than this call was asked to.
    this.#elapsedMs = Math.max(this.#elapsedMs, endMs);
  }

  /** Sets the wall clock forward or back, as an operator or a time server does. The other readings do not notice. */
  stepWall(deltaMs: number): void {
    this.#wallOriginMs += deltaMs;
  }

  #earliest(endMs: number): Pending | undefined {
    let first: Pending | undefined;
    for (const pending of this.#pending) {
      if (pending.dueMs > endMs) continue;
      const sooner = first === undefined || pending.dueMs < first.dueMs;
      if (sooner || (pending.dueMs === first?.dueMs && pending.order < first.order)) first = pending;
    }
    return first;
  }
}
