/**
 * The interval of a share of which `count` in `trials` was seen, exact to either side (Clopper and Pearson, "The Use of
 * Confidence or Fiducial Limits", 1934): the true share lies above `hi` with at most half of `1 - confidence`, and below `lo`
 * with the same. Without a single event in n trials, `hi` is the "rule of three", about 3 / n, at 0.9.
 *
 * @throws RangeError where there is no trial, or more events than trials
 */
export function binomialBounds(
  count: number,
  trials: number,
  confidence = 0.9,
): { readonly lo: number; readonly hi: number } {
  if (!(trials >= 1 && count >= 0 && count <= trials)) {
    throw new RangeError(
      `Events must be from 0 to the number of trials, at least 1: received ${count} of ${trials}`,
    );
  }
  const tail = (1 - confidence) / 2;
  return {
    lo: count === 0 ? 0 : solve(share => 1 - cumulative(count - 1, trials, share) - tail),
    hi: count === trials ? 1 : solve(share => tail - cumulative(count, trials, share)),
  };
}

/** Where a function that rises from below 0 to above 0 between 0 and 1 is 0. */
function solve(rising: (share: number) => number): number {
  let [lo, hi] = [0, 1];
  for (let step = 0; step < 60; step++) {
    const middle = (lo + hi) / 2;
    if (rising(middle) < 0) lo = middle;
    else hi = middle;
  }
  return (lo + hi) / 2;
}

/** The probability of at most `count` events in `trials`. */
function cumulative(count: number, trials: number, share: number): number {
  if (share <= 0) return 1;
  if (share >= 1) return count >= trials ? 1 : 0;
  let log = trials * Math.log1p(-share);
  let sum = Math.exp(log);
  for (let events = 1; events <= count; events++) {
    log += Math.log((trials - events + 1) / events) + Math.log(share) - Math.log1p(-share);
    sum += Math.exp(log);
  }
  return Math.min(1, sum);
}
