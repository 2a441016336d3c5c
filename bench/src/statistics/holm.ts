/**
 * The p-values of a family of tests, adjusted so that rejecting those of at most `alpha` makes no false rejection anywhere in
 * the family but with probability `alpha`, whatever hangs together (Holm, "A Simple Sequentially Rejective Multiple Test
 * Procedure", 1979). In the order given; O(n log n).
 */
export function holm(pValues: readonly number[]): number[] {
  const order = pValues
    .map((_, index) => index)
    .sort((a, b) => (pValues[a] as number) - (pValues[b] as number));
  const adjusted: number[] = Array.from({ length: pValues.length }, () => 1);
  let most = 0;
  for (const [rank, index] of order.entries()) {
    most = Math.max(most, Math.min(1, (pValues[index] as number) * (pValues.length - rank)));
    adjusted[index] = most;
  }
  return adjusted;
}
