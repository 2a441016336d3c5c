import { type Clock, type WaitOptions, linkSignal } from '@quorate/core';

/** Waits until it is woken; whoever is woken looks again at what it waited for. */
export type Wait = (arm: (wake: () => void) => void) => Promise<void>;

/**
 * Begins an operation that may have to wait several times, all of them within its options. A wait rejects with `ABORTED` or
 * `DEADLINE_EXCEEDED`, and leaves nothing behind either way.
 */
export function beginWait(clock: Clock, { signal, deadlineMs }: WaitOptions): Wait {
  if (signal === undefined && deadlineMs === undefined) return arm => new Promise(arm);
  const startMs = clock.monotonicMs();
  return arm => {
    const leftMs = deadlineMs && Math.max(0, deadlineMs - (clock.monotonicMs() - startMs));
    const limit = linkSignal(clock, { signal, deadlineMs: leftMs, outcome: 'unknown' });
    return new Promise<void>((resolve, reject) => {
      const onAbort = (): void => reject(limit.signal.reason as Error);
      if (limit.signal.aborted) onAbort();
      limit.signal.addEventListener('abort', onAbort, { once: true });
      arm(resolve);
    }).finally(() => limit[Symbol.dispose]());
  };
}
