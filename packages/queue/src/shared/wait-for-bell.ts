import { type LinkedSignal, QuorateError, type WaitOptions, linkSignal } from '@quorate/core';
import { canPark, parkAsync } from '@quorate/threads';
import type { Bell } from './bell.ts';
import type { CheckedSeat } from './seat.ts';
import { waitedTooLong } from './shared-error.ts';

/** What an attempt says that has to be made again. */
export const refused = -1;

/** What is waited for. */
export interface Wait {
  readonly name: string;
  /** What rings when it is worth another attempt. */
  readonly bell: Bell;
  /** Gives what was got, or {@link refused}. */
  attempt(): number;
  /** Called before this thread sleeps: whoever could end the wait must be awake. */
  beforeSleep?(): void;
}

/** Hints the processor that this is a spin loop, where the engine can say so. */
const pause: () => void = (Atomics as { pause?: () => void }).pause ?? ((): void => {});

/** So many looks between two at the clock. */
const looksPerReading = 256;

/**
 * Blocks until an attempt succeeds: spins, then parks (Karlin et al. 1991, "Empirical studies of competitive spinning").
 *
 * @throws QuorateError `DEADLINE_EXCEEDED`, `ABORTED`; `UNSUPPORTED` on a browser's main thread; what the attempt throws
 */
export function waitBlocking(wait: Wait, { clock, spins }: CheckedSeat, options: WaitOptions): number {
  const { signal, deadlineMs = Number.POSITIVE_INFINITY } = options;
  if (!(deadlineMs >= 0))
    throw new RangeError(`Deadline in ms must be a number of at least 0: received ${deadlineMs}`);
  if (signal?.aborted)
    throw new QuorateError('ABORTED', 'The wait was aborted by its caller', {
      outcome: 'not-applied',
      cause: signal.reason,
    });
  const dueMs = deadlineMs === Number.POSITIVE_INFINITY ? deadlineMs : clock.monotonicMs() + deadlineMs;
  const isOver = (): boolean => dueMs !== Number.POSITIVE_INFINITY && clock.monotonicMs() >= dueMs;
  for (let look = 0; look < spins; look++) {
    const got = wait.attempt();
    if (got !== refused) return got;
    if (look % looksPerReading === 0 && isOver()) throw waitedTooLong(wait.name, deadlineMs);
    pause();
  }
  return sleep(wait, deadlineMs, () =>
    dueMs === Number.POSITIVE_INFINITY ? dueMs : Math.max(0, dueMs - clock.monotonicMs()),
  );
}

function sleep(wait: Wait, deadlineMs: number, leftMs: () => number): number {
  const { bell, name } = wait;
  for (let isFirst = true, isLate = false; ; isFirst = false) {
    const seen = bell.arm();
    const got = wait.attempt();
    if (got !== refused) return got;
    if (isLate) throw waitedTooLong(name, deadlineMs);
    if (!canPark())
      throw new QuorateError('UNSUPPORTED', 'This thread may not block: use the call that ends in Async', {
        outcome: 'not-applied',
      });
    if (isFirst) wait.beforeSleep?.();
    isLate = bell.park(seen, leftMs()) === 'timed-out';
  }
}

/** The same without blocking the thread, which stays alive meanwhile. */
export async function waitAsync(
  wait: Wait,
  { clock }: CheckedSeat,
  options: WaitOptions = {},
): Promise<number> {
  const { signal, deadlineMs = Number.POSITIVE_INFINITY } = options;
  const isLimited = signal !== undefined || deadlineMs !== Number.POSITIVE_INFINITY;
  using limit: LinkedSignal | undefined = isLimited
    ? linkSignal(clock, { ...options, outcome: 'not-applied' })
    : undefined;
  limit?.throwIfAborted();
  const { bell } = wait;
  for (let isFirst = true; ; isFirst = false) {
    const seen = bell.arm();
    // Before it gives up it looks once more: it may be whom the bell woke for what came.
    const got = wait.attempt();
    if (got !== refused) return got;
    limit?.throwIfAborted();
    if (isFirst) wait.beforeSleep?.();
    await parkAsync(bell.words, bell.event, seen, { signal, deadlineMs: limit?.remainingMs(), clock });
  }
}
