import { median } from './quantile.ts';

/** What the two processes of a pair found, as logarithms. */
export interface Pair {
  readonly base: number;
  readonly head: number;
}

/**
 * How far head lies above base: the median of the differences of all heads to all bases (Hodges and Lehmann 1963, for two
 * samples), whichever pair they belong to.
 *
 * A process that was slowed by a neighbour spoils its own value and not that of the process beside it: 29 % of the processes
 * of either build may be anything, where the estimate of the pairs' own differences bears half as many.
 */
export function shiftOf(pairs: readonly Pair[], drawn?: ArrayLike<number>): number {
  const count = drawn?.length ?? pairs.length;
  const differences = new Float64Array(count * count);
  let next = 0;
  for (let head = 0; head < count; head++) {
    const above = (pairs[drawn?.[head] ?? head] as Pair).head;
    for (let base = 0; base < count; base++) {
      differences[next++] = above - (pairs[drawn?.[base] ?? base] as Pair).base;
    }
  }
  return median(differences);
}
