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

/** Nobody can tell any more whether a message is in its queue. */
export function sendUnknown(queue: string | undefined, id: string | undefined, cause: unknown): QuorateError {
  const name = id === undefined ? 'A message' : `Message "${id}"`;
  return new QuorateError(
    'SEND_UNKNOWN',
    `${name} to "${queue}" was sent, and no answer came in the time in which it may be sent again`,
    {
      outcome: 'unknown',
      ...(cause === undefined ? {} : { cause }),
    },
  );
}

/** More was sent than may wait. */
export function producerFull(queue: string, maxBytes: number): QuorateError {
  return new QuorateError(
    'PRODUCER_FULL',
    `Messages to "${queue}" of ${maxBytes} bytes wait for the store: await ready()`,
    {
      outcome: 'not-applied',
      retryable: true,
    },
  );
}

/** What a message's end was conditional on does not hold any more. */
export function endConflict(queue: string, id: string): QuorateError {
  return new QuorateError(
    'END_CONFLICT',
    `A state record that the end of message "${id}" of "${queue}" depends on was changed`,
    { outcome: 'not-applied', retryable: true },
  );
}
