import type { Random } from '@quorate/core';

/** Who leases, for the store and for whoever looks. */
export interface Owner {
  /** What it was called, and its mark behind a slash. */
  readonly name: string;
  /** What no other work has, also none that is called the same: a restarted process, or another one. */
  readonly mark: string;
}

/** The longest that one may be called, in UTF-16 code units: with its mark it is no longer than a store takes. */
const calledMax = 200;

/** @throws TypeError, RangeError */
export function newOwner(random: Random, called: string = 'worker'): Owner {
  if (typeof called !== 'string') throw new TypeError(`Owner must be a string: received ${String(called)}`);
  if (called.length === 0 || called.length > calledMax)
    throw new RangeError(`Owner must have 1 to ${calledMax} characters: received ${called.length}`);
  if (/[\0\p{Surrogate}]/u.test(called))
    throw new RangeError(`Owner must be well-formed Unicode without NUL: received ${JSON.stringify(called)}`);
  const mark = random.uint32().toString(36) + random.uint32().toString(36);
  return { name: `${called}/${mark}`, mark };
}
