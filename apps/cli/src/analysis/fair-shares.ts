/**
 * What part of all copies each node should hold by its weight, when every key has `copies` distinct owners.
 *
 * A node holds at most one copy of a key, so its part is at most 1 / copies: what is above goes to the others in proportion to
 * their weights, until nobody is above. Gives shares whose sum is 1.
 *
 * @param weights Finite, at least 0, the sum above 0
 * @param copies Owners per key; more than there are nodes with a weight count as that many
 */
export function fairShares(weights: readonly number[], copies = 1): Float64Array {
  const shares = new Float64Array(weights.length);
  const open = new Set([...weights.keys()].filter(index => (weights[index] as number) > 0));
  const cap = 1 / Math.min(copies, open.size);
  let left = 1;
  for (;;) {
    // Scaled by the largest, so that neither sums nor quotients of extreme weights overflow.
    const largest = [...open].reduce((max, index) => Math.max(max, weights[index] as number), 0);
    const sum = [...open].reduce((total, index) => total + (weights[index] as number) / largest, 0);
    const shareOf = (index: number): number => (left * ((weights[index] as number) / largest)) / sum;
    const above = [...open].filter(index => shareOf(index) > cap);
    if (above.length === 0) {
      for (const index of open) shares[index] = shareOf(index);
      return shares;
    }
    for (const index of above) {
      shares[index] = cap;
      left -= cap;
      open.delete(index);
    }
    if (open.size === 0) return shares;
  }
}

/** A node and what it weighs. */
export interface Weighed {
  readonly id: string;
  readonly weight: number;
}

/**
 * The smallest part of the keys that any hash can move when the members change, if loads follow weights before and after: what
 * the nodes that grow have to get, Σ max(0, share after - share before).
 */
export function minimumMoved(before: readonly Weighed[], after: readonly Weighed[]): number {
  const sharesBefore = fairShares(before.map(node => node.weight));
  const shareBefore = new Map(before.map((node, index) => [node.id, sharesBefore[index] as number]));
  const sharesAfter = fairShares(after.map(node => node.weight));
  return after.reduce((sum, node, index) => {
    return sum + Math.max(0, (sharesAfter[index] as number) - (shareBefore.get(node.id) ?? 0));
  }, 0);
}
