import { QuorateError } from '@quorate/core';

/** An owner died, and the next one let go without saying that what the lock guards is whole again. */
export function notRecoverable(name: string): QuorateError {
  return new QuorateError(
    'NOT_RECOVERABLE',
    `Lock "${name}" is lost for ever: an owner died, and the next let go without declaring it consistent`,
    { outcome: 'not-applied' },
  );
}

/** All places for waiters are taken. */
export function tooManyWaiters(name: string, waitersMax: number): QuorateError {
  return new QuorateError(
    'TOO_MANY_WAITERS',
    `Lock "${name}" has ${waitersMax} waiters, as many as it has room for`,
    {
      outcome: 'not-applied',
      retryable: true,
    },
  );
}

/** Who blocks this thread is this thread. */
export function ownDeadlock(name: string): QuorateError {
  return new QuorateError(
    'DEADLOCK',
    `Lock "${name}" is held by this very thread, which would block for ever`,
    {
      outcome: 'not-applied',
    },
  );
}

/** The word names somebody else: this member was declared dead while it lived. */
export function takenAway(name: string): QuorateError {
  return new QuorateError('NOT_OWNER', `Lock "${name}" was taken from this thread, which was declared dead`, {
    outcome: 'not-applied',
  });
}

/** The time for a blocking wait is over. */
export function waitedTooLong(name: string, deadlineMs: number): QuorateError {
  return new QuorateError('DEADLINE_EXCEEDED', `Lock "${name}" was not to be had within ${deadlineMs} ms`, {
    outcome: 'not-applied',
    retryable: true,
  });
}
