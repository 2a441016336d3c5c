import { errorCode } from '@quorate/core';
import type { Ending } from '../working/ending.ts';

/** Why a message is a dead letter. */
export type DeadCause =
  /** As many handlers as may be were started on it, and none ended well. */
  | 'attempts'
  /** It was delivered too often without an end: it may kill its process before a handler starts. */
  | 'deliveries'
  /** Its handler said so. */
  | 'rejected'
  /** Its body could not be decoded. */
  | 'unreadable';

/** Headers of a dead letter. */
export const deadHeaders = {
  cause: '~cause',
  error: '~error',
  code: '~code',
  from: '~from',
  attempts: '~attempts',
  deliveries: '~deliveries',
  returned: '~returned',
} as const;

/** What is kept of an error's message. */
const errorLengthMax = 500;

/** The headers that tell of an error. */
export function errorHeaders(error: unknown): Record<string, string> {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const code = errorCode(error);
  return {
    [deadHeaders.error]: wellFormed(text),
    // Nothing, rather than that of an error before.
    [deadHeaders.code]: wellFormed(code ?? ''),
  };
}

/** Moves a message to the dead letters, with its cause. */
export function deadEnding(
  deadLetters: string,
  from: { readonly queue: string; readonly attemptCount: number; readonly deliveryCount: number },
  cause: DeadCause,
  headers: Readonly<Record<string, string>> = {},
): Ending {
  return {
    type: 'move',
    queue: deadLetters,
    headers: {
      ...headers,
      [deadHeaders.cause]: cause,
      [deadHeaders.from]: from.queue,
      [deadHeaders.attempts]: `${from.attemptCount}`,
      [deadHeaders.deliveries]: `${from.deliveryCount}`,
      // Its counts begin anew.
      [deadHeaders.returned]: '0',
    },
  };
}

/** What every engine can keep in a header: no NUL, and no half of a surrogate pair, which a cut may leave. */
function wellFormed(text: string): string {
  return text.slice(0, errorLengthMax).replace(/[\0\p{Surrogate}]/gu, '\ufffd');
}
