import type { Limits } from '../limits.ts';
import { Problem } from '../problem.ts';

/**
 * The key that a request names, from its raw target.
 *
 * Frameworks decode paths leniently, which would make two different requests reach one key, so the raw bytes are decoded
 * here, strictly. `/v1/kv/a/b` and `/v1/kv/a%2Fb` are the same key. Two keys, `.` and `..`, cannot be part of a path,
 * because every URL parser on the way takes them out: they, like any other key, can be given as `?key=`.
 *
 * @throws Problem `BAD_KEY`, `KEY_TOO_LONG`
 */
export function keyFromTarget(target: string, prefix: string, limits: Limits): string {
  const question = target.indexOf('?');
  const path = question === -1 ? target : target.slice(0, question);
  if (path.startsWith(`${prefix}/`)) return checkedKey(decode(path.slice(prefix.length + 1)), limits);
  if (path !== prefix) throw new Problem(400, 'BAD_KEY', `The path must be ${prefix}/ followed by the key`);
  return keyFromQuery(question === -1 ? '' : target.slice(question + 1), limits);
}

/** The key of `?key=`, where `+` is a space, as forms and `URLSearchParams` write it. */
export function keyFromQuery(query: string, limits: Limits): string {
  const given = query.split('&').filter(part => part.startsWith('key='));
  if (given.length !== 1 || given[0] === undefined) {
    throw new Problem(400, 'BAD_KEY', `The query must give key= once: received it ${given.length} times`);
  }
  return checkedKey(decode(given[0].slice('key='.length).replaceAll('+', '%20')), limits);
}

/** A key within the limits. @throws Problem `BAD_KEY`, `KEY_TOO_LONG` */
export function checkedKey(key: unknown, limits: Limits): string {
  if (typeof key !== 'string') {
    throw new Problem(
      400,
      'BAD_KEY',
      `A key must be a string: received ${key === null ? 'null' : typeof key}`,
    );
  }
  if (key.length === 0) throw new Problem(400, 'BAD_KEY', 'A key must not be empty');
  if (!key.isWellFormed()) {
    throw new Problem(400, 'BAD_KEY', 'A key must be well-formed Unicode: received a lone surrogate');
  }
  const byteCount = Buffer.byteLength(key);
  if (byteCount > limits.keyBytesMax) {
    throw new Problem(
      400,
      'KEY_TOO_LONG',
      `A key may have at most ${limits.keyBytesMax} bytes of UTF-8: received ${byteCount}`,
    );
  }
  return key;
}

/** @throws Problem `VALUE_TOO_LARGE` */
export function checkedValue(value: Uint8Array, limits: Limits): Uint8Array {
  if (value.length > limits.valueBytesMax) {
    throw new Problem(
      413,
      'VALUE_TOO_LARGE',
      `A value may have at most ${limits.valueBytesMax} bytes: received ${value.length}`,
    );
  }
  return value;
}

function decode(encoded: string): string {
  try {
    return decodeURIComponent(encoded);
  } catch (cause) {
    throw new Problem(400, 'BAD_KEY', 'A key must be percent-encoded UTF-8: received a malformed sequence', {
      cause,
    });
  }
}
