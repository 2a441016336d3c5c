/**
 * 64-bit integers on hot paths are two 32-bit halves: a BigInt operation allocates and costs ten times as much.
 * `Hash64` is the pair as an out parameter: `[0]` the high half, `[1]` the low half, both as signed 32-bit integers.
 */
export type Hash64 = Int32Array;

/** A new, zero pair. Made once by whoever hashes, never for a call. */
export function hash64(): Hash64 {
  return new Int32Array(2);
}

/**
 * The high 32 bits of the product of two unsigned 32-bit integers; `Math.imul` gives the low ones.
 * No intermediate exceeds 32 bits, so everything stays in integer registers.
 */
export function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = (Math.imul(aHigh, bLow) + (Math.imul(aLow, bLow) >>> 16)) | 0;
  const carry = (Math.imul(aLow, bHigh) + (middle & 0xffff)) | 0;
  return (Math.imul(aHigh, bHigh) + (middle >>> 16) + (carry >>> 16)) | 0;
}

/** The pair as an unsigned bigint: for interfaces, not for hot paths. */
export function toBigint(pair: Hash64): bigint {
  return (BigInt((pair[0] as number) >>> 0) << 32n) | BigInt((pair[1] as number) >>> 0);
}

/** Writes the low 64 bits of a bigint, signed or unsigned, into the pair. */
export function fromBigint(value: bigint, pair: Hash64): void {
  pair[0] = Number(BigInt.asIntN(32, value >> 32n));
  pair[1] = Number(BigInt.asIntN(32, value));
}

const MAX = 2n ** 64n - 1n;

/**
 * Writes a 64-bit hash that a caller gave into the pair.
 *
 * @throws RangeError on anything but a bigint of 64 unsigned bits.
 */
export function readHash64(hash: number | bigint, pair: Hash64): void {
  if (typeof hash !== 'bigint' || hash < 0n || hash > MAX) {
    const received = typeof hash === 'bigint' ? `${hash}n` : `the number ${hash}`;
    throw new RangeError(`Hash must be a bigint from 0n to ${MAX}n: received ${received}`);
  }
  fromBigint(hash, pair);
}

/** The pair, unsigned, modulo `divisor`; `fold` is 2³² modulo `divisor`. The divisor is at most 2²⁶, so nothing is rounded. */
export function remainder(high: number, low: number, divisor: number, fold: number): number {
  const value = ((high >>> 0) % divisor) * fold + ((low >>> 0) % divisor);
  // The quotient may be rounded up to the next integer, the product and the difference are exact.
  const rest = value - Math.floor(value / divisor) * divisor;
  return rest < 0 ? rest + divisor : rest;
}
