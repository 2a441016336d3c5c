import type { PnCounter, PnCounterOptions } from './pn-counter.ts';
import { Replica } from './pn-replica.ts';

/**
 * Makes a replica of a counter.
 *
 * @param name the replica's, at most 200 bytes: its actor id begins with it
 * @throws TypeError, RangeError
 */
export function createPnCounter(name: string, options: PnCounterOptions = {}): PnCounter {
  if (typeof name !== 'string') throw new TypeError(`Actor must be a string: received ${String(name)}`);
  const bytes = new TextEncoder().encode(name).length;
  if (bytes === 0 || bytes > 200 || /\p{Surrogate}/u.test(name))
    throw new RangeError(
      `Actor must be 1 to 200 bytes of well-formed Unicode: received ${JSON.stringify(name)}`,
    );
  return new Replica(name, options);
}
