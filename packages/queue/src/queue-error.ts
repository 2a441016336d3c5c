import { QuorateError } from '@quorate/core';

/** The message is, or may be, in the hands of somebody else. */
export function leaseLost(queue: string, id: string, cause?: unknown): QuorateError {
  return new QuorateError(
    'LEASE_LOST',
    `The lease of message "${id}" of "${queue}" was lost while it was handled`,
    {
      outcome: 'unknown',
      ...(cause === undefined ? {} : { cause }),
    },
  );
}

/** The work was told to end at once. */
export function workEnded(queue: string): QuorateError {
  return new QuorateError('WORK_ENDED', `The work on "${queue}" was told to end`, {
    outcome: 'not-applied',
    retryable: true,
  });
}

/** What is asked for was disposed of. */
export function closed(what: string): QuorateError {
  return new QuorateError('CLOSED', `${what} was closed`, { outcome: 'not-applied' });
}
