/**
 * What became of the operation that failed.
 *
 * - `applied`: it took effect, the failure came after.
 * - `not-applied`: it certainly had no effect; repeating it is safe.
 * - `unknown`: nobody can tell from here. Repeat it under the same operation id, or read before writing again.
 */
export type Outcome = 'applied' | 'not-applied' | 'unknown';

/** What is known of a failure beside its code and message. */
export interface QuorateErrorOptions {
  /** Whether the same call may succeed later without the caller changing anything. Default `false`. */
  readonly retryable?: boolean;
  /** Default `unknown`, the only answer that is never wrong. */
  readonly outcome?: Outcome;
  /** The error underneath, if there was one. */
  readonly cause?: unknown;
}

/**
 * The one error class of Quorate for failures of infrastructure.
 *
 * Every caller has to answer the same three questions, so every error answers them: which failure is it (`code`), is it
 * worth trying again (`retryable`), and did the operation take effect (`outcome`). Expected outcomes of a protocol are
 * values, not errors; bad arguments are `TypeError` or `RangeError`.
 *
 * Codes are stable and upper case, such as `DEADLINE_EXCEEDED`; messages are for people and may change.
 */
export class QuorateError extends Error {
  static {
    // On the prototype rather than on each instance, so that `name` is not enumerated with the fields that matter.
    Object.defineProperty(this.prototype, 'name', {
      value: 'QuorateError',
      writable: true,
      configurable: true,
    });
  }

  readonly code: string;
  readonly retryable: boolean;
  readonly outcome: Outcome;

  constructor(code: string, message: string, options: QuorateErrorOptions = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.retryable = options.retryable ?? false;
    this.outcome = options.outcome ?? 'unknown';
  }
}

/** The code of any value that was thrown: a `QuorateError`'s or a Node error's `code`, else `undefined`. */
export function errorCode(thrown: unknown): string | undefined {
  if (typeof thrown !== 'object' || thrown === null || !('code' in thrown)) return undefined;
  return typeof thrown.code === 'string' ? thrown.code : undefined;
}
