import { ownersArray, type Points } from './points.ts';

/** What changes from one sorted list of points to the next. */
export interface PointChange {
  /** New index of each old node, -1 where it left with all its points. It keeps the order of those who stay. */
  readonly indexes: Int32Array;
  /** Sorted points to take out, owners being old indexes. Each takes out one point. */
  readonly removed: Points;
  /** Sorted points to put in, owners being new indexes. */
  readonly added: Points;
  readonly nodeCount: number;
  /** Points in the end. */
  readonly count: number;
}

/** Applies a change in one pass: linear in the number of points, where sorting anew would start from nothing. */
export function mergePoints(from: Points, change: PointChange): Points {
  const { indexes, removed, added, nodeCount, count } = change;
  const positions = new Uint32Array(count);
  const owners = ownersArray(nodeCount, count);
  let at = 0;
  let out = 0;
  let add = 0;
  const put = (position: number, owner: number): void => {
    positions[at] = position;
    owners[at++] = owner;
  };
  for (let i = 0; i < from.positions.length; i++) {
    const position = from.positions[i] as number;
    const oldOwner = from.owners[i] as number;
    if (removed.positions[out] === position && removed.owners[out] === oldOwner) {
      out++;
      continue;
    }
    const owner = indexes[oldOwner] as number;
    if (owner < 0) continue;
    for (; add < added.positions.length; add++) {
      const next = added.positions[add] as number;
      const nextOwner = added.owners[add] as number;
      if (next > position || (next === position && nextOwner > owner)) break;
      put(next, nextOwner);
    }
    put(position, owner);
  }
  for (; add < added.positions.length; add++)
    put(added.positions[add] as number, added.owners[add] as number);
  return { positions, owners };
}
