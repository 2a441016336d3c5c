import { QuorateError } from '@quorate/core';

/** @param isUnknown whether the server may have done it, or still will */
export function unavailable(message: string, isUnknown: boolean, cause?: unknown): QuorateError {
  return new QuorateError('UNAVAILABLE', message, {
    retryable: true,
    outcome: isUnknown ? 'unknown' : 'not-applied',
    ...(cause === undefined ? {} : { cause }),
  });
}

export function closed(): QuorateError {
  return new QuorateError('CLOSED', 'The store was closed', { outcome: 'not-applied' });
}
