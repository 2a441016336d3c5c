import type { AlgorithmName, Ring } from '@quorate/ring';

/** Sizes of the hash spaces: most algorithms have 32 or 64 bits. */
const SLOTS = 16_384;
const SPAN_32 = 2 ** 32;
const SPAN_64 = 2 ** 64;

/** Where a hash lies on the circle: 0 up to but without 1. */
export function turnOf(algorithm: AlgorithmName, hash: number | bigint): number {
  if (typeof hash === 'number') return hash / (algorithm === 'slots' ? SLOTS : SPAN_32);
  const unsigned = algorithm === 'tokens' ? hash + 2n ** 63n : hash;
  return Number(unsigned) / SPAN_64;
}

/** The hash at a place on the circle. */
export function hashAt(ring: Ring, turn: number): number | bigint {
  if (typeof ring.hash('') === 'number') {
    return Math.floor(turn * (ring.algorithm === 'slots' ? SLOTS : SPAN_32));
  }
  const unsigned = BigInt(Math.floor(turn * SPAN_32)) << 32n;
  return ring.algorithm === 'tokens' ? unsigned - 2n ** 63n : unsigned;
}
