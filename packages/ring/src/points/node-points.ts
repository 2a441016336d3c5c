import { xxh32Bytes } from '../hash/xxh32.ts';
import type { Members } from '../members.ts';
import type { RingNode } from '../ring-node.ts';

/** Most points a single node may have: 2²⁰. */
export const NODE_POINTS_MAX: number = 2 ** 20;

/** Most points a ring may have: 2²⁵, about half a gigabyte of tables. */
export const RING_POINTS_MAX: number = 2 ** 25;

/**
 * Points of a node: `weight × vnodes` rounded, at least 1 where the weight is above 0.
 *
 * Only the node's own weight counts. Normalised weights would move the points of nodes that nobody touched, and floors
 * of shares give a small node no points at all; both are what other rings do.
 *
 * @throws RangeError above `NODE_POINTS_MAX`.
 */
export function pointCount(node: RingNode, vnodes: number): number {
  if (node.weight === 0) return 0;
  const count = Math.max(1, Math.round(node.weight * vnodes));
  if (count > NODE_POINTS_MAX) {
    throw new RangeError(
      `Node "${node.id}" must have at most ${NODE_POINTS_MAX} points: weight ${node.weight} at ${vnodes} vnodes gives ${count}`,
    );
  }
  return count;
}

/** Points of each node, by index. @throws RangeError above either limit. */
export function pointCounts(members: Members, vnodes: number): Uint32Array {
  const counts = Uint32Array.from(members.nodes, node => pointCount(node, vnodes));
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total > RING_POINTS_MAX) {
    throw new RangeError(
      `Ring must have at most ${RING_POINTS_MAX} points: ${members.nodes.length} nodes give ${total}`,
    );
  }
  return counts;
}

/**
 * Writes the positions of a node's points `first` to `first + count - 1` into `positions` from `at` on.
 *
 * A point's name is the length of the id, the id, and the number of the point, so no two names of different nodes are
 * alike (`node1` + `1` and `node` + `11`), and a point lies where it lies whatever else is in the ring.
 */
export function writePoints(
  id: string,
  first: number,
  count: number,
  seed: number,
  positions: Uint32Array,
  at: number,
): void {
  const bytes = new TextEncoder().encode(id);
  const name = new Uint8Array(8 + bytes.length);
  const view = new DataView(name.buffer);
  view.setUint32(0, bytes.length, true);
  name.set(bytes, 4);
  for (let i = 0; i < count; i++) {
    view.setUint32(4 + bytes.length, first + i, true);
    positions[at + i] = xxh32Bytes(name, name.length, seed);
  }
}
