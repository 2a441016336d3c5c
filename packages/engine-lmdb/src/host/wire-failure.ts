import { InvariantError, QuorateError } from '@quorate/core';
import type { WireFailure } from './writer-protocol.ts';

/** An error as a message. */
export function toWire(thrown: unknown): WireFailure {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const { name, message } = error;
  const cause = error.cause instanceof Error ? error.cause.message : undefined;
  if (!(error instanceof QuorateError)) {
    return { name, message, code: undefined, retryable: false, outcome: 'unknown', cause };
  }
  const { code, retryable, outcome } = error;
  return { name, message, code, retryable, outcome, cause };
}

/** The error of a message. */
export function fromWire({ name, message, code, retryable, outcome, cause }: WireFailure): Error {
  if (code !== undefined) {
    const because = cause === undefined ? {} : { cause: new Error(cause) };
    return new QuorateError(code, message, { retryable, outcome, ...because });
  }
  if (name === 'RangeError') return new RangeError(message);
  return name === 'InvariantError' ? new InvariantError(message) : new Error(message);
}
