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

/**
 * Beginnings of the codes after which the same call may succeed: nothing of it was done, the server says. Besides what passes (40 and
 * 55 conflicts, 53 no room, 57 ended by others) a server that has become a standby (25006), and statements that the connection does
 * not know or no longer fits (26000, 0A000).
 */
const passing = ['40', '53', '55', '57', '25006', '26000', '0A000'];

/**
 * After which nobody knows: the server ended while it was at it, maybe after it had committed (57P, but for 57P03, which refuses a
 * connection); a pooler has lost its server (08); a cluster says so itself (40003).
 */
const unknown = ['08', '57P', '40003'];

/** After which another connection may fare better. */
const stale = ['08', '57P', '25006', '26000', '0A000'];

/** Whether a connection is to be closed after what was thrown on it: it is broken, or leads to the wrong server. */
export function isOfNoUse(thrown: unknown): boolean {
  const code = sqlStateOf(thrown);
  return code === undefined || stale.some(start => code.startsWith(start));
}

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
  const state = sqlStateOf(thrown);
  const begins = (start: string): boolean => state?.startsWith(start) === true;
  const isUnknown = state === undefined || (state !== '57P03' && unknown.some(begins));
  if (!isUnknown && !passing.some(begins)) {
    return new QuorateError('STORE_REFUSED', `PostgreSQL refused the call (${code}): ${message}`, {
      outcome: 'not-applied',
      cause: thrown,
    });
  }
  return unavailable(`PostgreSQL failed${code === '' ? '' : ` (${code})`}: ${message}`, isUnknown, thrown);
}

/** The code of an error that the server answered with; nothing where it is one of the connection, such as `EPIPE`. */
function sqlStateOf(thrown: unknown): string | undefined {
  const { code } = thrown as { code?: unknown };
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && code !== 'EPIPE' ? code : undefined;
}

/** @param isUnknown whether the server may have done it */
export function unavailable(message: string, isUnknown: boolean, cause?: unknown): QuorateError {
  return new QuorateError('UNAVAILABLE', message, {
    retryable: true,
    outcome: isUnknown ? 'unknown' : 'not-applied',
    ...(cause === undefined ? {} : { cause }),
  });
}
