import { type Clock, type Outcome, QuorateError, type WaitOptions } from '@quorate/core';
import type { DeadlineBook } from './deadline-book.ts';
import type { Wait } from './wait.ts';

/** What a call that is given up says. */
export function deadlineExceeded(deadlineMs: number, outcome: Outcome): QuorateError {
  return new QuorateError('DEADLINE_EXCEEDED', `The wait was not over within ${deadlineMs} ms`, {
    outcome,
    retryable: true,
  });
}

function aborted(signal: AbortSignal, outcome: Outcome): QuorateError {
  return new QuorateError('ABORTED', 'The wait was aborted by its caller', { outcome, cause: signal.reason });
}

/**
 * Whether the wait of a call is over before it began.
 *
 * @throws RangeError when `deadlineMs` is negative or not a number; QuorateError `ABORTED`, `DEADLINE_EXCEEDED`
 */
export function checkLimits({ signal, deadlineMs }: WaitOptions): void {
  if (deadlineMs !== undefined && !(deadlineMs >= 0)) {
    throw new RangeError(`Deadline in ms must be a number of at least 0: received ${deadlineMs}`);
  }
  if (signal?.aborted) throw aborted(signal, 'not-applied');
  if (deadlineMs === 0) throw deadlineExceeded(0, 'not-applied');
}

/** Ends a wait when its caller's signal or deadline says so. Costs nothing where there is neither. */
export function limitWait<Value>(
  wait: Wait<Value>,
  { signal, deadlineMs }: WaitOptions,
  outcome: Outcome,
  clock: Clock,
  book: DeadlineBook,
): void {
  if (deadlineMs !== undefined && deadlineMs !== Number.POSITIVE_INFINITY) {
    wait.limit(book, clock.monotonicMs() + deadlineMs, () =>
      wait.reject(deadlineExceeded(deadlineMs, outcome)),
    );
  }
  if (signal === undefined) return;
  const onAbort = (): void => wait.reject(aborted(signal, outcome));
  if (signal.aborted) return onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  wait.onSettled(() => signal.removeEventListener('abort', onAbort));
}
