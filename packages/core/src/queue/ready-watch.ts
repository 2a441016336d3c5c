import type { Clock, Timer } from '../clock.ts';
import { Wake } from '../wake.ts';

/**
 * The hints of one queue, for all who wait in it. Its watch outlasts each wait by a while: who waits for messages does so again and
 * again, and needs to look only once where the watch was there before.
 */
export class ReadyWatch implements Disposable {
  readonly #clock: Clock;
  readonly #lingerMs: number;
  readonly #onEnd: () => void;
  readonly #watch: Disposable;
  readonly #wakes = new Set<Wake>();
  #timer: Timer | undefined;
  /** When the last wait was over. */
  #leftMs = 0;
  #isEnded = false;

  /**
   * @param start begins to watch
   * @param onEnd told when nobody has waited for so long
   */
  constructor(clock: Clock, lingerMs: number, start: (onReady: () => void) => Disposable, onEnd: () => void) {
    this.#clock = clock;
    this.#lingerMs = lingerMs;
    this.#onEnd = onEnd;
    this.#watch = start(() => {
      for (const wake of this.#wakes) wake.call();
    });
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** Begins to hear: what comes from now on is not missed. */
  enter(): Wake {
    const wake = new Wake();
    this.#wakes.add(wake);
    return wake;
  }

  leave(wake: Wake): void {
    this.#wakes.delete(wake);
    if (this.#wakes.size > 0 || this.#isEnded) return;
    this.#leftMs = this.#clock.monotonicMs();
    if (this.#timer === undefined) this.#look(this.#lingerMs);
  }

  /** Ends the watch, and wakes all who wait. */
  [Symbol.dispose](): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#timer?.cancel();
    this.#watch[Symbol.dispose]();
    for (const wake of this.#wakes) wake.call();
  }

  /** One timer for however many waits: it looks whether there was one since. */
  #look(afterMs: number): void {
    this.#timer = this.#clock.setTimer(afterMs, () => {
      this.#timer = undefined;
      if (this.#wakes.size > 0) return;
      const leftMs = this.#leftMs + this.#lingerMs - this.#clock.monotonicMs();
      if (leftMs > 0) {
        this.#look(leftMs);
        return;
      }
      this[Symbol.dispose]();
      this.#onEnd();
    });
    this.#timer.unref();
  }
}
