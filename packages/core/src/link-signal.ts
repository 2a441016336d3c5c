import type { Clock, Timer } from './clock.ts';
import { type Outcome, QuorateError } from './quorate-error.ts';

/** How long a call may wait. Everything in Quorate that waits takes these two, and settles by then. */
export interface WaitOptions {
  /** Gives the wait up as soon as it aborts. */
  readonly signal?: AbortSignal | undefined;
  /** Gives the wait up this many milliseconds after the call. Default and `Infinity`: no limit. */
  readonly deadlineMs?: number | undefined;
}

/** What {@link linkSignal} makes of a caller's {@link WaitOptions}. */
export interface LinkedSignal extends Disposable {
  /** Aborts when the caller's signal does or the deadline has passed; its reason is a {@link QuorateError}. */
  readonly signal: AbortSignal;
  /** Time left on the clock's monotonic reading, from `Infinity` without a deadline down to 0. */
  remainingMs(): number;
  /** @throws QuorateError `ABORTED` or `DEADLINE_EXCEEDED` when the wait is over */
  throwIfAborted(): void;
}

/** The wait's options, and what its error says had happened when it was given up. */
export interface LinkOptions extends WaitOptions {
  /** Default `unknown`. Say `not-applied` where giving up leaves nothing behind. */
  readonly outcome?: Outcome;
}

/**
 * Joins a caller's signal and deadline into one signal that is let go afterwards.
 *
 * It stands in for `AbortSignal.any` and `AbortSignal.timeout`, which packages must not use: on Node 24 an abort can be lost
 * to the garbage collector, on Node 22 a long-lived parent signal can stall the event loop for seconds. This one adds one
 * listener and one timer and removes both when disposed, so dispose it (`using`) as soon as the wait ends.
 *
 * @throws RangeError when `deadlineMs` is negative or not a number
 */
export function linkSignal(clock: Clock, options: LinkOptions): LinkedSignal {
  const { deadlineMs = Number.POSITIVE_INFINITY } = options;
  if (!(deadlineMs >= 0))
    throw new RangeError(`Deadline in ms must be a number of at least 0: received ${deadlineMs}`);
  return new Linked(clock, options, deadlineMs);
}

class Linked implements LinkedSignal {
  readonly #clock: Clock;
  readonly #parent: AbortSignal | undefined;
  readonly #controller = new AbortController();
  readonly #deadlineMs: number;
  readonly #dueMs: number;
  readonly #outcome: Outcome;
  readonly #timer: Timer | undefined;

  constructor(clock: Clock, options: LinkOptions, deadlineMs: number) {
    this.#clock = clock;
    this.#parent = options.signal;
    this.#outcome = options.outcome ?? 'unknown';
    this.#deadlineMs = deadlineMs;
    this.#dueMs = clock.monotonicMs() + deadlineMs;
    if (this.#parent?.aborted) {
      this.#onParentAbort();
      return;
    }
    this.#parent?.addEventListener('abort', this.#onParentAbort, { once: true });
    if (deadlineMs === Number.POSITIVE_INFINITY) return;
    if (deadlineMs === 0) this.#onDeadline();
    else this.#timer = clock.setTimer(deadlineMs, this.#onDeadline);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  remainingMs(): number {
    return Math.max(0, this.#dueMs - this.#clock.monotonicMs());
  }

  throwIfAborted(): void {
    // A blocked event loop runs timers late; whoever asks is told in time all the same.
    if (!this.signal.aborted && this.remainingMs() === 0) this.#onDeadline();
    this.signal.throwIfAborted();
  }

  [Symbol.dispose](): void {
    this.#timer?.cancel();
    this.#parent?.removeEventListener('abort', this.#onParentAbort);
  }

  readonly #onParentAbort = (): void => {
    this.#abort(
      new QuorateError('ABORTED', 'The wait was aborted by its caller', {
        outcome: this.#outcome,
        cause: this.#parent?.reason,
      }),
    );
  };

  readonly #onDeadline = (): void => {
    this.#abort(
      new QuorateError('DEADLINE_EXCEEDED', `The wait was not over within ${this.#deadlineMs} ms`, {
        outcome: this.#outcome,
        retryable: true,
      }),
    );
  };

  #abort(reason: QuorateError): void {
    this[Symbol.dispose]();
    this.#controller.abort(reason);
  }
}
