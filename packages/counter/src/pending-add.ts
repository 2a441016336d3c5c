import type { LinkedSignal, QuorateError } from '@quorate/core';
import type { Added } from './counter.ts';
import { gaveUp } from './counter-error.ts';
import type { Delta } from './int64.ts';

/** One addition that somebody waits for, or all that was posted since the last batch left. */
export class PendingAdd {
  delta: Delta;
  /** Sent, so that whoever gives up cannot know. */
  isSent = false;
  isSettled = false;
  /** What ends the caller's wait early, if anything does. */
  #linked: LinkedSignal | undefined;
  readonly #resolve: (added: Added) => void;
  readonly #reject: (reason: Error) => void;

  constructor(delta: Delta, resolve: (added: Added) => void, reject: (reason: Error) => void) {
    this.delta = delta;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  /** Ends the wait as soon as the signal aborts. @param onGone told where it had not been sent */
  link(linked: LinkedSignal, name: string, onGone: () => void): void {
    this.#linked = linked;
    const onAbort = (): void => {
      if (this.isSettled) return;
      const outcome = this.isSent ? 'unknown' : 'not-applied';
      this.fail(gaveUp(name, this.delta, linked.signal.reason as QuorateError, outcome));
      if (outcome === 'not-applied') onGone();
    };
    if (linked.signal.aborted) onAbort();
    else linked.signal.addEventListener('abort', onAbort, { once: true });
  }

  succeed(value: bigint): void {
    if (this.isSettled) return;
    this.isSettled = true;
    this.#linked?.[Symbol.dispose]();
    this.#resolve({ value });
  }

  fail(reason: Error): void {
    if (this.isSettled) return;
    this.isSettled = true;
    this.#linked?.[Symbol.dispose]();
    this.#reject(reason);
  }
}
