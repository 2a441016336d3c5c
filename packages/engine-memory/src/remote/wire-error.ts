import { type Outcome, QuorateError } from '@quorate/core';
import type { WireValue } from './value-codec.ts';

const outcomes = new Set<WireValue>(['applied', 'not-applied', 'unknown']);

/** What was thrown at the server, as the client shall have it. */
export function encodeError(thrown: unknown): WireValue {
  if (thrown instanceof QuorateError) {
    const { code, message, retryable, outcome } = thrown;
    return { type: 'QuorateError', code, message, retryable, outcome };
  }
  if (thrown instanceof RangeError || thrown instanceof TypeError) {
    return { type: thrown instanceof RangeError ? 'RangeError' : 'TypeError', message: thrown.message };
  }
  return { type: 'other', message: String(thrown) };
}

/** What the server has thrown. */
export function decodeError(value: WireValue): Error {
  const { type, code, message, retryable, outcome } = value as { readonly [name: string]: WireValue };
  const text = typeof message === 'string' ? message : 'The store failed';
  if (type === 'RangeError') return new RangeError(text);
  if (type === 'TypeError') return new TypeError(text);
  return new QuorateError(typeof code === 'string' ? code : 'INTERNAL', text, {
    retryable: retryable === true,
    outcome: outcomes.has(outcome) ? (outcome as Outcome) : 'unknown',
  });
}
