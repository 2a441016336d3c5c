import { checkKey } from '@quorate/core';

/**
 * The name of a queue, a topic or an application as its user gives it. Partitions that begin with `~` are this package's, as names of
 * headers and ids are.
 *
 * @param what the word for it in the error
 * @throws TypeError, RangeError
 */
export function checkName(what: string, name: string): void {
  checkKey(what, name);
  if (name.startsWith('~')) throw new RangeError(`${what} must not begin with "~": received "${name}"`);
}

/**
 * The name of what lies in a queue, a topic or an application: it is one segment of a key.
 *
 * @throws TypeError, RangeError
 */
export function checkSegment(what: string, name: string): void {
  checkName(what, name);
  if (name.includes('/')) throw new RangeError(`${what} must not have a "/": received "${name}"`);
}
