import type { Clock, Timer } from '@quorate/core';
import { checkDuration } from '../check-duration.ts';

/** How an attempt ended. */
export type AttemptEnd =
  | { readonly type: 'returned'; readonly value: unknown }
  | { readonly type: 'threw'; readonly error: unknown }
  /** It was told to end, and did not. Whatever it still does is its own. */
  | { readonly type: 'abandoned' };

/** One run of a task: what it may be told to end by, and for how long it is waited for after that. */
export class Attempt implements Disposable {
  readonly #clock: Clock;
  readonly #graceMs: number;
  readonly #timedOut: () => unknown;
  readonly #parent: AbortSignal;
  readonly #controller = new AbortController();
  #timeout: Timer | undefined;
  #grace: Timer | undefined;
  #abandon: () => void = () => {};

  constructor(options: {
    readonly clock: Clock;
    readonly graceMs: number;
    /** Of the delivery. */
    readonly signal: AbortSignal;
    readonly timeoutMs: number | undefined;
    /** Makes the reason for when its time is over. */
    timedOut(): unknown;
  }) {
    this.#clock = options.clock;
    this.#graceMs = options.graceMs;
    this.#timedOut = () => options.timedOut();
    this.#parent = options.signal;
    if (this.#parent.aborted) this.#onParent();
    else this.#parent.addEventListener('abort', this.#onParent, { once: true });
    if (options.timeoutMs !== undefined) this.extend(options.timeoutMs);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Its time begins anew. */
  extend(durationMs: number): void {
    checkDuration('Time of an attempt', durationMs, 1);
    this.#timeout?.cancel();
    if (this.signal.aborted) return;
    this.#timeout = this.#clock.setTimer(durationMs, () => this.abort(this.#timedOut()));
  }

  abort(reason: unknown): void {
    if (this.signal.aborted) return;
    this.#timeout?.cancel();
    this.#grace = this.#clock.setTimer(this.#graceMs, () => this.#abandon());
    this.#controller.abort(reason);
  }

  /** It never rejects. */
  async run(start: () => unknown): Promise<AttemptEnd> {
    const abandoned = new Promise<AttemptEnd>(resolve => {
      this.#abandon = () => resolve({ type: 'abandoned' });
    });
    const ended = (async (): Promise<AttemptEnd> => {
      try {
        return { type: 'returned', value: await start() };
      } catch (error) {
        return { type: 'threw', error };
      }
    })();
    return Promise.race([ended, abandoned]);
  }

  [Symbol.dispose](): void {
    this.#timeout?.cancel();
    this.#grace?.cancel();
    this.#parent.removeEventListener('abort', this.#onParent);
  }

  readonly #onParent = (): void => this.abort(this.#parent.reason);
}
