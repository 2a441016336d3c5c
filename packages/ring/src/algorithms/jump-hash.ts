/**
 * Jump consistent hash (Lamping & Veach, "A Fast, Minimal Memory, Consistent Hash Algorithm", arXiv 1406.2294, 2014).
 * No memory, perfect balance, and growing from n to n+1 buckets moves 1/(n+1) of the keys, all into the new bucket.
 */

import { multiplyHigh } from './hash/uint64.ts';

// The multiplier of the paper's linear congruential generator, 2862933555777941757.
const MULTIPLIER_HIGH = 0x27bb2ee6;
const MULTIPLIER_LOW = 0x87b0b0fd;

/**
 * The bucket, 0 to `bucketCount - 1`, of a 64-bit key given in halves. `bucketCount` is an integer from 1 to 2^31 - 1.
 * O(ln bucketCount) expected, no allocation: the generator runs on 32-bit halves, for in BigInt it costs several times as much.
 *
 * @throws RangeError on another `bucketCount`.
 */
export function jumpHash(keyHigh: number, keyLow: number, bucketCount: number): number {
  if ((bucketCount | 0) !== bucketCount || bucketCount < 1) {
    throw new RangeError(`Bucket count must be an integer from 1 to 2147483647: received ${bucketCount}`);
  }
  let high = keyHigh | 0;
  let low = keyLow | 0;
  let bucket = 0;
  let next = 0;
  while (next < bucketCount) {
    // Below 2^31 here, so this is the paper's floor; the comparison above is the same without it.
    bucket = next | 0;
    high =
      multiplyHigh(low, MULTIPLIER_LOW) + Math.imul(high, MULTIPLIER_LOW) + Math.imul(low, MULTIPLIER_HIGH);
    low = (Math.imul(low, MULTIPLIER_LOW) + 1) | 0;
    if (low === 0) high = high + 1;
    high |= 0;
    // The paper's (key >> 33) + 1: the upper 31 bits as a number.
    next = (bucket + 1) * (2147483648 / ((high >>> 1) + 1));
  }
  return bucket;
}
