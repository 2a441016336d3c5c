import { mix, mixedWords } from './validation-words.ts';
import type { UnitWork } from './slowed-work.ts';

const points = 16_000;
const wordsPerKey = 28;

/**
 * A ring lookup in small: a key of 112 bytes is hashed, and its place among 16,000 points found.
 *
 * Nothing in it comes from a package, so a check of two builds runs the very same code in both. The search has no branches:
 * a processor learns the turns of a thousand repeated searches in part by heart, a different part in each process.
 */
export const canaryLookup: UnitWork = {
  units: 1000,
  opsPerUnit: 1,
  setUp(count) {
    const ring = Int32Array.from(mixedWords(points, 1), word => word >>> 1).sort();
    const keys = mixedWords(count * wordsPerKey, 2);
    return unit => place(ring, hashOf(keys, unit * wordsPerKey));
  },
};

/** A hash of 31 bits, so that the difference of two fits into 32. */
function hashOf(keys: Uint32Array, start: number): number {
  let hash = 0;
  for (let at = start; at < start + wordsPerKey; at++) hash = mix(hash ^ (keys[at] as number));
  return hash >>> 1;
}

/** How many points are below `hash`. */
function place(ring: Int32Array, hash: number): number {
  let low = 0;
  for (let size = ring.length; size > 1; ) {
    const half = size >>> 1;
    // All ones where the last point of the lower half is below the hash.
    low += half & (((ring[low + half - 1] as number) - hash) >> 31);
    size -= half;
  }
  return low - (((ring[low] as number) - hash) >> 31);
}
