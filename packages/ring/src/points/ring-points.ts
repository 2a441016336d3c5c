import type { Members } from '../members.ts';
import { mergePoints } from './merge-points.ts';
import { pointCounts, writePoints } from './node-points.ts';
import { ownersArray, type Points } from './points.ts';
import { sortPoints } from './sort-points.ts';

/** What the points of a ring depend on besides its members. */
export interface PointSettings {
  readonly vnodes: number;
  readonly seed: number;
}

/** The sorted points of all members. @throws RangeError above the limits of `pointCounts`. */
export function ringPoints(members: Members, settings: PointSettings): Points {
  const none = new Uint32Array(members.nodes.length);
  return pointsBetween(members, none, pointCounts(members, settings.vnodes), settings.seed);
}

/**
 * The sorted points after a change of membership: the same as `ringPoints(to, settings)`, from the points before.
 *
 * Only points of nodes that came, left or changed their weight are touched. A node that gains weight gets the points
 * after those it has, one that loses weight gives the last ones back, so any order of changes ends in the same ring.
 */
export function changedPoints(points: Points, from: Members, to: Members, settings: PointSettings): Points {
  const { vnodes, seed } = settings;
  const before = pointCounts(from, vnodes);
  const after = pointCounts(to, vnodes);
  const indexes = Int32Array.from(from.nodes, node => to.indexOf(node.id));
  const kept = Uint32Array.from(before, (count, old) => {
    const index = indexes[old] as number;
    return index < 0 ? count : Math.min(count, after[index] as number);
  });
  const had = new Uint32Array(after.length);
  for (const [old, index] of indexes.entries()) {
    if (index >= 0) had[index] = before[old] as number;
  }
  return mergePoints(points, {
    indexes,
    removed: pointsBetween(from, kept, before, seed),
    added: pointsBetween(to, had, after, seed),
    nodeCount: to.nodes.length,
    count: total(after),
  });
}

/** Sorted points number `first[i]` to `end[i] - 1` of each node `i`; none where `first` is the higher one. */
function pointsBetween(members: Members, first: Uint32Array, end: Uint32Array, seed: number): Points {
  const counts = end.map((count, i) => Math.max(0, count - (first[i] as number)));
  const positions = new Uint32Array(total(counts));
  const owners = ownersArray(members.nodes.length, positions.length);
  let at = 0;
  for (const { id, index } of members.nodes) {
    const count = counts[index] as number;
    if (count === 0) continue;
    writePoints(id, first[index] as number, count, seed, positions, at);
    owners.fill(index, at, at + count);
    at += count;
  }
  // Members come by id and the sort is stable, so the lower id has precedence where points fall together.
  return sortPoints(positions, owners);
}

function total(counts: Uint32Array): number {
  return counts.reduce((sum, count) => sum + count, 0);
}
