import { errorCode, type Outcome, QuorateError } from '@quorate/core';

/** The session that remembered the addition was lost before anybody could say whether it counts. */
export function addUnknown(name: string, delta: bigint | number, cause: unknown): QuorateError {
  return new QuorateError(
    'ADD_UNKNOWN',
    `Nobody can tell any more whether the ${delta} added to counter "${name}" counts: the session is lost`,
    { outcome: 'unknown', cause },
  );
}

/** A caller waits no longer. */
export function gaveUp(
  name: string,
  delta: bigint | number,
  cause: QuorateError,
  outcome: Outcome,
): QuorateError {
  const state = outcome === 'unknown' ? 'is under way, and may still count' : 'does not count';
  return new QuorateError(cause.code, `${cause.message}: the ${delta} added to counter "${name}" ${state}`, {
    outcome,
    retryable: outcome === 'not-applied',
    cause,
  });
}

/** More waits than may. */
export function counterBusy(name: string, max: number): QuorateError {
  return new QuorateError('COUNTER_BUSY', `Counter "${name}" has ${max} additions that wait for the store`, {
    outcome: 'not-applied',
    retryable: true,
  });
}

/** The manager was disposed of. */
export function countersClosed(name: string): QuorateError {
  return new QuorateError('CLOSED', `Counter "${name}" is not to be had: its manager was closed`, {
    outcome: 'not-applied',
  });
}

/** Whether a failure passes, so that the same may be tried again. */
export function isPassing(thrown: unknown): boolean {
  return thrown instanceof QuorateError && thrown.retryable && thrown.outcome === 'not-applied';
}

/** Whether a failure says that the session is dead. */
export function isSessionLost(thrown: unknown): boolean {
  return errorCode(thrown) === 'SESSION_LOST';
}
