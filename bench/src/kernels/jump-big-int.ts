const multiplier = 2_862_933_555_777_941_757n;
const mask = 0xffff_ffff_ffff_ffffn;

/**
 * Jump consistent hash as one writes it down from the paper where the language has 64-bit integers: in BigInt.
 *
 * Lamping and Veach, "A Fast, Minimal Memory, Consistent Hash Algorithm", 2014, figure 1. It is the control for the
 * version on 32-bit halves.
 */
export function jumpBigInt(hash: bigint, buckets: number): number {
  let key = hash & mask;
  let bucket = -1;
  let next = 0;
  while (next < buckets) {
    bucket = next;
    key = (key * multiplier + 1n) & mask;
    next = Math.floor((bucket + 1) * (2_147_483_648 / Number((key >> 33n) + 1n)));
  }
  return bucket;
}
