import { QuorateError } from '@quorate/core';

/** The lock is not held any more, or may not be. */
export function lockLost(name: string, cause: unknown): QuorateError {
  return new QuorateError('LOCK_LOST', `Lock "${name}" was lost while it was held`, {
    outcome: 'unknown',
    retryable: true,
    cause,
  });
}

/** Somebody releases or uses what is not theirs any more. */
export function notOwner(name: string, cause?: unknown): QuorateError {
  return new QuorateError('NOT_OWNER', `Lock "${name}" is not held by whoever released or used it`, {
    outcome: 'not-applied',
    ...(cause === undefined ? {} : { cause }),
  });
}

/** @param circle who waits for whom, in words */
export function deadlock(name: string, circle: string): QuorateError {
  return new QuorateError('DEADLOCK', `Lock "${name}" can never be had: ${circle}`, {
    outcome: 'not-applied',
    retryable: true,
  });
}

/** The manager was disposed of. */
export function locksClosed(name: string): QuorateError {
  return new QuorateError('CLOSED', `Lock "${name}" is not to be had: its manager was closed`, {
    outcome: 'not-applied',
  });
}
