import type { Clock } from './clock.ts';
import { linkSignal, type WaitOptions } from './link-signal.ts';
import type { Outcome } from './quorate-error.ts';

/**
 * Settles as `start` does, or rejects with what {@link linkSignal} says once the caller's wait is over. `start` is told by its
 * signal, and is not called where the wait is over before it began.
 *
 * @param outcome what giving up means: `not-applied` where it leaves nothing behind
 */
export async function boundedWait<Value>(
  clock: Clock,
  options: WaitOptions,
  outcome: Outcome,
  start: (signal: AbortSignal | undefined) => Promise<Value>,
): Promise<Value> {
  const { signal, deadlineMs } = options;
  if (signal === undefined && (deadlineMs === undefined || deadlineMs === Number.POSITIVE_INFINITY)) {
    return start(undefined);
  }
  using before = linkSignal(clock, {
    signal,
    deadlineMs: deadlineMs === 0 ? 0 : undefined,
    outcome: 'not-applied',
  });
  before.throwIfAborted();
  using linked = linkSignal(clock, { signal, deadlineMs, outcome });
  return await new Promise<Value>((resolve, reject) => {
    linked.signal.addEventListener('abort', () => reject(linked.signal.reason as Error), { once: true });
    start(linked.signal).then(resolve, reject);
  });
}
