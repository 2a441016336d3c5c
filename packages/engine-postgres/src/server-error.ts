import {
  notANumber,
  type OperationId,
  QuorateError,
  type SessionId,
  sessionLost,
  superseded,
  tooLarge,
} from '@quorate/core';

/** What a call was about, for the error that it fails with. */
export interface FailedCall {
  readonly operation?: OperationId | undefined;
  readonly session?: SessionId | undefined;
  readonly key?: string;
  readonly delta?: bigint;
}

/** Classes and codes of errors after which the same call may succeed: nothing of it was done, the server says. */
const passing = ['08', '40', '53', '55', '57'];

/** What an answer means that the server gave as an error. Its transaction was rolled back, but where the server itself ended. */
export function serverError(thrown: unknown, call: FailedCall): unknown {
  const {
    code = '',
    detail = '',
    message = '',
  } = thrown as { code?: string; detail?: string; message?: string };
  const { operation, key = '', delta = 0n } = call;
  switch (code) {
    case 'QU001':
      return sessionLost(detail as SessionId, operation === undefined ? 'not-applied' : 'unknown');
    case 'QU002':
      return superseded(operation as OperationId, Number(detail));
    case 'QU003':
      return new RangeError(notANumber(key, detail));
    case 'QU004':
      return new RangeError(tooLarge(key, delta));
  }
  const isSqlState = /^[0-9A-Z]{5}$/.test(code);
  // Ended while it was at it: whether it had committed, nobody knows.
  const isEnded = !isSqlState || code === '57P01' || code === '57P02';
  if (!isEnded && !passing.some(start => code.startsWith(start))) {
    return new QuorateError('STORE_REFUSED', `PostgreSQL refused the call (${code}): ${message}`, {
      outcome: 'not-applied',
      cause: thrown,
    });
  }
  return unavailable(`PostgreSQL failed${code === '' ? '' : ` (${code})`}: ${message}`, isEnded, thrown);
}

/** @param isUnknown whether the server may have done it */
export function unavailable(message: string, isUnknown: boolean, cause?: unknown): QuorateError {
  return new QuorateError('UNAVAILABLE', message, {
    retryable: true,
    outcome: isUnknown ? 'unknown' : 'not-applied',
    ...(cause === undefined ? {} : { cause }),
  });
}
