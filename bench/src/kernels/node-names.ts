/**
 * Names of servers as memcached clients write them: `10.0.0.100:11211`, all equally long.
 *
 * They are made through a buffer: a string put together from parts stays a tree of them in V8 until somebody reads it.
 */
export function nodeNames(count: number): string[] {
  if (!Number.isInteger(count) || count < 1 || count > 9000) {
    throw new RangeError(`Node count must be an integer from 1 to 9000: received ${count}`);
  }
  return Array.from({ length: count }, (_, index) => {
    const name = `10.0.${Math.floor(index / 900)}.${100 + (index % 900)}:11211`;
    return Buffer.from(name, 'latin1').toString('latin1');
  });
}

/** A number that tells most names of {@link nodeNames} apart and costs next to nothing: a digit of each. */
export function nameDigit(name: string): number {
  return name.charCodeAt(9);
}
