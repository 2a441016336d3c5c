import { errorCode, QuorateError } from '@quorate/core';

/** What is kept of an error where it has to cross processes. */
export interface ErrorRecord {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  readonly stack?: string;
  readonly cause?: ErrorRecord;
}

const messageLengthMax = 2000;
const stackLengthMax = 4000;
const causesMax = 4;

/** Whatever was thrown, as data. It never throws: getters may, `String` may, and causes may run in a circle. */
export function errorRecord(thrown: unknown, depth = 0): ErrorRecord {
  if (typeof thrown !== 'object' || thrown === null) {
    return { name: 'Error', message: cut(safely(() => String(thrown)) ?? typeof thrown, messageLengthMax) };
  }
  const name = safely(() => (thrown as Error).name);
  const message = safely(() => (thrown as Error).message);
  const stack = safely(() => (thrown as Error).stack);
  const code = safely(() => errorCode(thrown));
  const cause = safely(() => (thrown as Error).cause);
  return {
    name: typeof name === 'string' && name !== '' ? cut(name, 200) : 'Error',
    message: cut(
      typeof message === 'string' ? message : (safely(() => JSON.stringify(thrown)) ?? 'unknown'),
      messageLengthMax,
    ),
    ...(code === undefined ? {} : { code: cut(code, 200) }),
    ...(typeof stack === 'string' ? { stack: cut(stack, stackLengthMax) } : {}),
    ...(cause === undefined || depth >= causesMax ? {} : { cause: errorRecord(cause, depth + 1) }),
  };
}

/** An error that looks like the one that was recorded; a `QuorateError` where it was one. */
export function revivedError({ name, message, code, stack, cause }: ErrorRecord): Error {
  const options = cause === undefined ? {} : { cause: revivedError(cause) };
  const error =
    name === 'QuorateError' && code !== undefined
      ? new QuorateError(code, message, options)
      : Object.assign(new Error(message, options), code === undefined ? {} : { code });
  const fields = { name, stack: stack ?? `${name}: ${message}` };
  for (const [field, value] of Object.entries(fields)) {
    Object.defineProperty(error, field, { value, configurable: true, writable: true });
  }
  return error;
}

function safely<Value>(read: () => Value): Value | undefined {
  try {
    return read();
  } catch {
    return undefined; // A getter of the error's own: what it would have said is not worth a second failure.
  }
}

/** Without half a surrogate pair at the cut. */
function cut(text: string, lengthMax: number): string {
  return text.length <= lengthMax ? text : `${text.slice(0, lengthMax).replace(/[\ud800-\udbff]$/, '')}…`;
}
