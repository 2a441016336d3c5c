/**
 * JumpBackHash (Otmar Ertl, "JumpBackHash: Say Goodbye to the Modulo Operation to Distribute Keys Uniformly to Buckets",
 * Software: Practice and Experience, 2024, arXiv 2403.18682), with SplitMix64 as the source of random numbers, as
 * hash4j's `jumpBackHash(SplitMix64_V1)` has it. The same promises as jump's in constant expected time and without floating point.
 */

import { multiplyHigh } from './hash/uint64.ts';

/** The generator's state and its last output, halves of 64 bits. */
let stateHigh = 0;
let stateLow = 0;
let outHigh = 0;
let outLow = 0;

/** One step of SplitMix64 (Steele, Lea, Flood 2014; constants of Vigna's splitmix64.c). */
function next(): void {
  const low = (stateLow + 0x7f4a7c15) | 0;
  const high = (stateHigh + 0x9e3779b9 + (low >>> 0 < 0x7f4a7c15 ? 1 : 0)) | 0;
  stateLow = low;
  stateHigh = high;
  let zl = low ^ ((low >>> 30) | (high << 2));
  let zh = high ^ (high >>> 30);
  zh = (multiplyHigh(zl, 0x1ce4e5b9) + Math.imul(zh, 0x1ce4e5b9) + Math.imul(zl, 0xbf58476d)) | 0;
  zl = Math.imul(zl, 0x1ce4e5b9);
  zl ^= (zl >>> 27) | (zh << 5);
  zh ^= zh >>> 27;
  zh = (multiplyHigh(zl, 0x133111eb) + Math.imul(zh, 0x133111eb) + Math.imul(zl, 0x94d049bb)) | 0;
  zl = Math.imul(zl, 0x133111eb);
  outLow = zl ^ ((zl >>> 31) | (zh << 1));
  outHigh = zh ^ (zh >>> 31);
}

/** Whether an odd number of bits is set. */
function parity(x: number): number {
  let folded = x ^ (x >>> 16);
  folded ^= folded >>> 8;
  folded ^= folded >>> 4;
  return (0x6996 >>> (folded & 15)) & 1;
}

/**
 * The bucket, 0 to `bucketCount - 1`, of a 64-bit hash given in halves. `bucketCount` is an integer from 1 to 2^31 - 1.
 * The hash must be of good quality: its low bits choose. O(1) expected, no allocation.
 */
export function jumpBackHash(hashHigh: number, hashLow: number, bucketCount: number): number {
  if (bucketCount === 1) return 0;
  stateHigh = hashHigh;
  stateLow = hashLow;
  next();
  const firstHigh = outHigh;
  const firstLow = outLow;
  let candidates = (firstHigh ^ firstLow) & (-1 >>> Math.clz32(bucketCount - 1));
  // Each set bit is a power-of-two interval in which the key's last jump may have ended; look from the highest down.
  while (candidates !== 0) {
    const least = 0x80000000 >>> Math.clz32(candidates);
    let bucket = least + ((parity(candidates) === 1 ? firstHigh : firstLow) & (least - 1));
    if (bucket < bucketCount) return bucket;
    const mask = (least << 1) - 1;
    // Beyond the end: jump back within [0, 2·least) until it falls below the interval or below the end.
    while (true) {
      next();
      bucket = outLow & mask;
      if (bucket < least) break;
      if (bucket < bucketCount) return bucket;
      bucket = outHigh & mask;
      if (bucket < least) break;
      if (bucket < bucketCount) return bucket;
    }
    candidates ^= least;
  }
  return 0;
}
