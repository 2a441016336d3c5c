import { median } from './quantile.ts';

/**
 * The Hodges–Lehmann estimate of the centre of a sample: the median of the means of all its pairs, each value paired with
 * itself too. As robust as needed (29 % of the values may be anything) and nearly as efficient as the mean.
 *
 * Hodges and Lehmann, "Estimates of Location Based on Rank Tests", 1963. O(n^2 log n).
 */
export function hodgesLehmann(sample: ArrayLike<number>): number {
  const count = sample.length;
  const means = new Float64Array((count * (count + 1)) / 2);
  let next = 0;
  for (let first = 0; first < count; first++) {
    for (let second = first; second < count; second++) {
      means[next++] = ((sample[first] as number) + (sample[second] as number)) / 2;
    }
  }
  return median(means);
}
