import { type Outcome, QuorateError } from '@quorate/core';
import { readUint32, writeUint32 } from '../wire/uint48.ts';

/**
 * Many calls in one, and their answers: each a length of four bytes and what it is. An answer of 2 is an error, as JSON.
 *
 * @module
 */

/** An answer that is an error. */
export const answerFailed = 2;

export function encodeBatch(items: readonly Uint8Array[]): Uint8Array {
  let byteCount = 0;
  for (const item of items) byteCount += 4 + item.length;
  const bytes = new Uint8Array(byteCount);
  let at = 0;
  for (const item of items) {
    writeUint32(bytes, at, item.length);
    bytes.set(item, at + 4);
    at += 4 + item.length;
  }
  return bytes;
}

/** Views of `bytes`; undefined for what is no batch. */
export function decodeBatch(bytes: Uint8Array): readonly Uint8Array[] | undefined {
  const items: Uint8Array[] = [];
  let at = 0;
  while (at < bytes.length) {
    if (at + 4 > bytes.length) return undefined;
    const end = at + 4 + readUint32(bytes, at);
    if (end > bytes.length) return undefined;
    items.push(bytes.subarray(at + 4, end));
    at = end;
  }
  return items;
}

/** What is told of an error, whatever was thrown. */
export function encodeError(thrown: unknown): Uint8Array {
  const { code, message, retryable, outcome } =
    thrown instanceof QuorateError
      ? thrown
      : { code: 'HANDLER_FAILED', message: String(thrown), retryable: false, outcome: 'unknown' };
  const text = new TextEncoder().encode(JSON.stringify({ code, message, retryable, outcome }));
  const bytes = new Uint8Array(1 + text.length);
  bytes[0] = answerFailed;
  bytes.set(text, 1);
  return bytes;
}

/** The error again; an unreadable one is `unknown`. */
export function decodeError(bytes: Uint8Array): QuorateError {
  try {
    const told = JSON.parse(new TextDecoder().decode(bytes.subarray(1))) as Record<string, unknown>;
    const { code, message, retryable, outcome } = told;
    const isOutcome = outcome === 'applied' || outcome === 'not-applied' || outcome === 'unknown';
    return new QuorateError(String(code), String(message), {
      retryable: retryable === true,
      outcome: isOutcome ? (outcome satisfies Outcome) : 'unknown',
    });
  } catch (cause) {
    return new QuorateError('UNREADABLE_ANSWER', 'The answer is none of this version', { cause });
  }
}
