import {
  type Clock,
  type LinkedSignal,
  QuorateError,
  type WaitOptions,
  linkSignal,
  systemClock,
} from '@quorate/core';
import { canPark, parkAsync } from '@quorate/threads';
import { block, registerTaskWait } from './blocking.ts';
import { type Gate, refused } from './gate.ts';
import { waitedTooLong } from './thread-lock-error.ts';

/** Takes what is waited for if it is to be had, else says `refused`. */
export type Attempt = () => number;

/** How long a blocking call may take, and how it measures that. */
export interface Patience {
  readonly clock: Clock;
  readonly deadlineMs: number;
}

/**
 * Blocks until an attempt succeeds. Attempts are made before going to sleep and after each wake-up.
 *
 * @throws QuorateError `DEADLINE_EXCEEDED`, `TOO_MANY_WAITERS`, what the attempt throws
 */
export function waitForTurn(gate: Gate, attempt: Attempt, { clock, deadlineMs }: Patience): number {
  checkMayBlock();
  const { room } = gate;
  const dueMs = deadlineMs === Number.POSITIVE_INFINITY ? deadlineMs : clock.monotonicMs() + deadlineMs;
  const cell = room.enter();
  let taken = refused;
  try {
    for (;;) {
      taken = attempt();
      if (taken !== refused) return taken;
      if (block(room.states, cell, room.member, { deadlineMs: leftMs(clock, dueMs) }) === 'timed-out')
        throw waitedTooLong(gate.name, deadlineMs);
      room.stay(cell);
    }
  } finally {
    gate.leaveRoom(cell, taken === refused);
  }
}

/** @throws QuorateError `UNSUPPORTED` on a browser's main thread */
export function checkMayBlock(): void {
  if (canPark()) return;
  throw new QuorateError('UNSUPPORTED', 'This thread may not block: use the call that ends in Async', {
    outcome: 'not-applied',
  });
}

export function leftMs(clock: Clock, dueMs: number): number {
  return dueMs === Number.POSITIVE_INFINITY ? dueMs : Math.max(0, dueMs - clock.monotonicMs());
}

/**
 * The same without blocking the thread. The thread stays alive meanwhile.
 *
 * @throws QuorateError as {@link waitForTurn}; `ABORTED`
 */
export async function waitForTurnAsync(
  gate: Gate,
  attempt: Attempt,
  limit: LinkedSignal | undefined,
): Promise<number> {
  const { room } = gate;
  const cell = room.enter();
  let taken = refused;
  const onAbort = (): void => void room.rouse(cell);
  limit?.signal.addEventListener('abort', onAbort);
  const registered = registerTaskWait({
    withdraw: () => gate.stepAside(cell),
    restore: () => room.comeBack(cell),
  });
  try {
    for (;;) {
      limit?.throwIfAborted();
      taken = attempt();
      if (taken !== refused) return taken;
      await parkAsync(room.states, cell, room.member);
      room.stay(cell);
    }
  } finally {
    registered[Symbol.dispose]();
    limit?.signal.removeEventListener('abort', onAbort);
    gate.leaveRoom(cell, taken === refused);
  }
}

/** A signal for a wait, where there is anything to wait by. @throws RangeError; QuorateError where it is over already */
export function limitOf(clock: Clock = systemClock, options: WaitOptions = {}): LinkedSignal | undefined {
  const { signal, deadlineMs } = options;
  if (signal === undefined && (deadlineMs === undefined || deadlineMs === Number.POSITIVE_INFINITY))
    return undefined;
  return linkSignal(clock, { signal, deadlineMs, outcome: 'not-applied' });
}

/**
 * What a blocking call is told. A signal cannot abort while its thread blocks, so only one that has aborted counts.
 *
 * @throws RangeError; QuorateError `ABORTED`
 */
export function patienceOf(
  clock: Clock,
  { signal, deadlineMs = Number.POSITIVE_INFINITY }: WaitOptions,
): Patience {
  if (!(deadlineMs >= 0))
    throw new RangeError(`Deadline in ms must be a number of at least 0: received ${deadlineMs}`);
  if (signal?.aborted) {
    throw new QuorateError('ABORTED', 'The wait was aborted by its caller', {
      outcome: 'not-applied',
      cause: signal.reason,
    });
  }
  return { clock, deadlineMs };
}
