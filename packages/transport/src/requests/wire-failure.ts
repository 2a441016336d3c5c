import { type Outcome, QuorateError } from '@quorate/core';

/**
 * An error on its way to another peer: code, whether to retry, outcome and a message of bounded length. No stack and no cause:
 * they are the peer's own and may hold what is nobody else's business.
 *
 * ```text
 *  | retryable u8 | outcome u8 | length of the code u8 | code, ASCII | message, UTF-8 |
 * ```
 */
const outcomes: readonly Outcome[] = ['applied', 'not-applied', 'unknown'];
const messageMaxBytes = 1024;
/** The most that a failure has before its message. */
const failureOverheadBytes = 3 + 64;
const codePattern = /^[A-Z][A-Z0-9_]{0,63}$/;
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

type Failure = Pick<QuorateError, 'code' | 'retryable' | 'outcome' | 'message'>;

/**
 * What a handler threw, or what refused a request, as bytes. Never throws.
 *
 * @param maxBytes at least 67: the message ends where it would be more
 */
export function encodeFailure(thrown: unknown, maxBytes: number = Number.POSITIVE_INFINITY): Uint8Array {
  const { code, retryable, outcome, message } = describe(thrown);
  const text = new Uint8Array(Math.min(messageMaxBytes, maxBytes - failureOverheadBytes));
  // Ends before a character that does not fit whole.
  const { written } = encoder.encodeInto(message, text);
  const bytes = new Uint8Array(3 + code.length + written);
  bytes[0] = retryable ? 1 : 0;
  bytes[1] = outcomes.indexOf(outcome);
  bytes[2] = code.length;
  bytes.set(encoder.encode(code), 3);
  bytes.set(text.subarray(0, written), 3 + code.length);
  return bytes;
}

/** Anything can be thrown: what has no text, getters that throw, errors whose fields somebody has changed. */
function describe(thrown: unknown): Failure {
  const failed: Failure = {
    code: 'HANDLER_FAILED',
    retryable: false,
    outcome: 'unknown',
    message: 'The handler failed',
  };
  try {
    if (!(thrown instanceof Error)) return failed;
    const text: unknown = thrown.message;
    const message = String(text);
    if (!(thrown instanceof QuorateError)) return { ...failed, message };
    const { code, retryable, outcome } = thrown;
    if (typeof code !== 'string' || !codePattern.test(code)) return { ...failed, message };
    return { code, retryable, outcome: outcomes.includes(outcome) ? outcome : 'unknown', message };
  } catch {
    return failed;
  }
}

/** Makes the error again, or nothing where the bytes are none. */
export function decodeFailure(bytes: Uint8Array): QuorateError | undefined {
  const [retryable, outcome, codeBytes] = bytes;
  if (codeBytes === undefined || (retryable as number) > 1 || bytes.length < 3 + codeBytes) return undefined;
  if (bytes.length > 3 + codeBytes + messageMaxBytes) return undefined;
  const known = outcomes[outcome as number];
  try {
    const code = decoder.decode(bytes.slice(3, 3 + codeBytes));
    if (known === undefined || !codePattern.test(code)) return undefined;
    const message = decoder.decode(bytes.slice(3 + codeBytes));
    return new QuorateError(code, message, { retryable: retryable === 1, outcome: known });
  } catch {
    return undefined;
  }
}
