import type { Clock } from './clock.ts';

/** Waits that one side can cut short: what was called for before the wait began counts as well. */
export class Wake {
  #isCalled = false;
  #end: (() => void) | undefined;

  call(): void {
    this.#isCalled = true;
    this.#end?.();
  }

  /** Until it is called, the time is over, or the signal aborts. It never rejects, and leaves nothing behind. */
  async wait(clock: Clock, durationMs: number, signal: AbortSignal): Promise<void> {
    if (!this.#isCalled && !signal.aborted) {
      await new Promise<void>(resolve => {
        const timer = clock.setTimer(durationMs, resolve);
        signal.addEventListener('abort', this.#called, { once: true });
        this.#end = () => {
          timer.cancel();
          resolve();
        };
      });
      signal.removeEventListener('abort', this.#called);
      this.#end = undefined;
    }
    this.#isCalled = false;
  }

  readonly #called = (): void => this.call();
}
