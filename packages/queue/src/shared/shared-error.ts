import { QuorateError } from '@quorate/core';

/** The queue or stream takes no more messages. */
export function closedError(name: string): QuorateError {
  return new QuorateError('CLOSED', `"${name}" is closed: it takes no more messages`, {
    outcome: 'not-applied',
  });
}

/** A word names somebody else: this member was declared dead while it lived. */
export function takenAway(name: string): QuorateError {
  return new QuorateError(
    'NOT_OWNER',
    `A slot of "${name}" was taken from this thread, which was declared dead, or let go of it before`,
    { outcome: 'not-applied' },
  );
}

/** Another thread that lives has the role. */
export function roleTaken(name: string, role: string, owner: number): QuorateError {
  return new QuorateError('NOT_OWNER', `Member ${owner} is ${role} of "${name}", and alive`, {
    outcome: 'not-applied',
    retryable: true,
  });
}

/** The time for a blocking wait is over. */
export function waitedTooLong(name: string, deadlineMs: number): QuorateError {
  return new QuorateError('DEADLINE_EXCEEDED', `"${name}" had nothing to do within ${deadlineMs} ms`, {
    outcome: 'not-applied',
    retryable: true,
  });
}
