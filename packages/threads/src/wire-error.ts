import { type Outcome, QuorateError } from '@quorate/core';

/** An error as it travels between threads: plain data, so that every platform clones it the same way. */
export interface WireError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly code: unknown;
  readonly cause: WireThrown | undefined;
  readonly errors: readonly WireThrown[] | undefined;
  /** Present for a `QuorateError`. */
  readonly quorate: { readonly retryable: boolean; readonly outcome: Outcome } | undefined;
}

/** Whatever was thrown: an error, or any other value. */
export type WireThrown = { readonly error: WireError } | { readonly value: unknown };

/** Causes nest no deeper than this; an error may be its own cause. */
const depthMax = 8;

/** The built-in classes that come out as themselves. */
const builtIns: ReadonlyMap<string, new (message: string) => Error> = new Map([
  ['TypeError', TypeError],
  ['RangeError', RangeError],
  ['SyntaxError', SyntaxError],
  ['ReferenceError', ReferenceError],
  ['EvalError', EvalError],
  ['URIError', URIError],
]);

/** Turns what was thrown into plain data. Values that cannot be cloned become their text. Never throws. */
export function encodeThrown(thrown: unknown): WireThrown {
  try {
    return encode(thrown, 0);
  } catch {
    // A getter or a proxy that throws when it is looked at. Whoever waits for the answer is told that much.
    return encode(new TypeError('What was thrown cannot be read'), 0);
  }
}

function encode(thrown: unknown, depth: number): WireThrown {
  if (!isError(thrown)) return { value: cloneable(thrown) };
  const nested = (inner: unknown): WireThrown => encode(inner, depth + 1);
  const deeper = depth < depthMax;
  const { errors } = thrown as AggregateError;
  // Whatever calls itself an error may have anything in these fields.
  const { name, message, stack } = thrown as Readonly<Record<'name' | 'message' | 'stack', unknown>>;
  return {
    error: {
      name: String(name),
      message: String(message),
      stack: typeof stack === 'string' ? stack : undefined,
      code: 'code' in thrown ? cloneable(thrown.code) : undefined,
      cause: deeper && 'cause' in thrown ? nested(thrown.cause) : undefined,
      errors: deeper && Array.isArray(errors) ? errors.map(nested) : undefined,
      quorate:
        thrown instanceof QuorateError ? { retryable: thrown.retryable, outcome: thrown.outcome } : undefined,
    },
  };
}

/** Makes the error again: of its own class where that is `QuorateError` or built in, else an `Error` of that name. */
export function decodeThrown(thrown: WireThrown): unknown {
  if (!('error' in thrown)) return thrown.value;
  const { error: wire } = thrown;
  const error = instantiate(wire);
  if (error.name !== wire.name) define(error, 'name', wire.name);
  if (wire.stack !== undefined) define(error, 'stack', wire.stack);
  if (wire.code !== undefined && !('code' in error)) Object.assign(error, { code: wire.code });
  if (wire.cause !== undefined) define(error, 'cause', decodeThrown(wire.cause));
  return error;
}

function instantiate({ name, message, code, errors, quorate }: WireError): Error {
  if (quorate !== undefined) return new QuorateError(String(code), message, quorate);
  if (errors !== undefined) return new AggregateError(errors.map(decodeThrown), message);
  const BuiltIn = builtIns.get(name) ?? Error;
  return new BuiltIn(message);
}

function define(error: Error, key: 'name' | 'stack' | 'cause', value: unknown): void {
  Object.defineProperty(error, key, { value, writable: true, configurable: true, enumerable: false });
}

/** Errors of another realm (a `vm` context, a DOMException) count too. */
function isError(thrown: unknown): thrown is Error {
  if (thrown instanceof Error) return true;
  return (
    typeof thrown === 'object' &&
    thrown !== null &&
    'message' in thrown &&
    'name' in thrown &&
    'stack' in thrown
  );
}

function cloneable(value: unknown): unknown {
  if (typeof value !== 'object' && typeof value !== 'function' && typeof value !== 'symbol') return value;
  try {
    return structuredClone(value);
  } catch {
    return typeof value === 'object' ? Object.prototype.toString.call(value) : String(value);
  }
}
