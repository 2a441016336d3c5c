import type { Members } from '../members.ts';

/**
 * Nodes with a weight above 0 that have no place in the map, by index. Published placements round shares down, so a small
 * weight can get nothing; such nodes own no key, and close every preference list that asks for all nodes.
 */
export function idleNodes(members: Members, owners: ArrayLike<number>): Int32Array {
  const placed = new Uint8Array(members.nodes.length);
  for (let i = 0; i < owners.length; i++) placed[owners[i] as number] = 1;
  return Int32Array.from(
    members.nodes.filter(node => node.weight > 0 && placed[node.index] === 0),
    node => node.index,
  );
}

/** Puts idle nodes behind the `found` first entries of `into` until there are `count`; gives how many there are. */
export function appendIdle(found: number, count: number, into: Int32Array, idle: Int32Array): number {
  let at = found;
  for (let i = 0; i < idle.length && at < count; i++) into[at++] = idle[i] as number;
  return at;
}
