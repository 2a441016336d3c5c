import type { BootId } from './ids.ts';
import { QuorateError } from './quorate-error.ts';

/** A callback that waits for its time. Disposing cancels it. */
export interface Timer extends Disposable {
  /** Ends the wait; the callback will not run. Harmless afterwards and when repeated. */
  cancel(): void;
  /** Keeps the process alive until it fires, which is the default. */
  ref(): void;
  /** Lets the process end before it fires. */
  unref(): void;
}

/**
 * Where code gets its time from, always handed in.
 *
 * Code that reads ambient time can neither be simulated nor tested without sleeping. There are three readings because each
 * is wrong somewhere: wall time jumps when somebody sets it, monotonic time means nothing to another process, and neither
 * monotonic nor boot time counts while a Linux machine is suspended. Whatever must not be held too long is checked on two.
 */
export interface Clock {
  /** Milliseconds since 1970, as people set it. May jump either way at any time. */
  wallMs(): number;

  /** Milliseconds since an origin that belongs to this thread. Never goes back. For durations within one thread. */
  monotonicMs(): number;

  /**
   * Milliseconds since an origin that belongs to {@link bootId}. Never goes back. Readings of two threads or processes
   * compare exactly if their boot ids are equal, and not at all otherwise.
   */
  bootMs(): number;

  /**
   * Names the origin of {@link bootMs}. On Linux the kernel's boot id, shared by all processes of the machine; where the
   * platform tells none, an id of this thread's own, so that nothing compares that should not.
   */
  readonly bootId: BootId;

  /**
   * Runs `callback` once, `delayMs` from now at the earliest, never within this call.
   *
   * @throws RangeError unless `delayMs` is a finite number of at least 0
   */
  setTimer(delayMs: number, callback: () => void): Timer;
}

/**
 * Settles after `durationMs` on the clock's own time.
 *
 * @throws RangeError unless `durationMs` is a finite number of at least 0
 * @throws QuorateError `ABORTED` as soon as `options.signal` aborts; nothing is left behind
 */
export function sleep(
  clock: Clock,
  durationMs: number,
  options: { signal?: AbortSignal | undefined } = {},
): Promise<void> {
  const { signal } = options;
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(abortError(signal));
      return;
    }
    const onAbort = (): void => {
      timer.cancel();
      reject(abortError(signal));
    };
    const timer = clock.setTimer(durationMs, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/** The error for a wait that its caller gave up. Nothing had happened yet. */
function abortError(signal: AbortSignal | undefined): QuorateError {
  return new QuorateError('ABORTED', 'The wait was aborted by its caller', {
    outcome: 'not-applied',
    cause: signal?.reason,
  });
}
