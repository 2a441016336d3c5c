/** Checks the option `seed`. @throws RangeError unless it is an unsigned 32-bit integer. */
export function checkedSeed(seed: number): number {
  if (seed >>> 0 === seed) return seed;
  throw new RangeError(`Seed must be an integer from 0 to 4294967295: received ${seed}`);
}
