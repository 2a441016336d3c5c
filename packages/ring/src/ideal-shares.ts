import type { Members } from './members.ts';

/**
 * The share of all keys that each node would hold if `replicas` copies were spread exactly by weight: the weight's part
 * times the replicas, but no node more than every key once. What a heavy node cannot take falls to the others, again by
 * weight.
 *
 * @returns By index; together as many as there are replicas, or nodes with a weight above 0 if those are fewer.
 */
export function idealShares(members: Members, replicas: number): Float64Array {
  const shares = new Float64Array(members.nodes.length);
  const byWeight = members.nodes.filter(node => node.weight > 0).sort((a, b) => b.weight - a.weight);
  let copies = Math.min(replicas, byWeight.length);
  // Weight of this rank and all below, summed from the lightest: taking a huge one off the total would leave nothing.
  const weights = new Float64Array(byWeight.length);
  let weight = 0;
  for (let rank = byWeight.length - 1; rank >= 0; rank--) {
    weight += byWeight[rank]?.weight ?? 0;
    weights[rank] = weight;
  }
  for (const [rank, node] of byWeight.entries()) {
    // Once the heaviest that is left fits, all of them do.
    const share =
      rank === byWeight.length - 1 ? copies : Math.min(1, copies * (node.weight / (weights[rank] as number)));
    shares[node.index] = Math.min(1, share);
    copies -= share;
  }
  return shares;
}
