import type { View } from '@quorate/node';

/** How much of the ring, and how many of the keys, changed owner between two views. Fractions are of 1. */
export interface MovePlan {
  /** Of the hash space, by the ring's own difference. */
  readonly space: number;
  /** The least that any placement could have moved. */
  readonly minimum: number;
  /** Of the hash space, what moved between two nodes that are in both views: it should be nothing. */
  readonly unnecessary: number;
  readonly keys: number;
  readonly ofKeys: number;
  /** Moved ranges as fractions of the hash space, for the picture. */
  readonly arcs: readonly MovedArc[];
}

export interface MovedArc {
  readonly start: number;
  readonly end: number;
  readonly from: string;
  readonly to: string;
}

/** The hash space of the default ring: positions are 32-bit numbers. */
const space = 0x1_0000_0000;

/** What moves between two views, for the ring and for these keys. */
export function planOf(before: View, after: View, keys: Iterable<string>): MovePlan {
  const diff = before.ring.diff(after.ring);
  let moved = 0;
  let count = 0;
  for (const key of keys) {
    count++;
    if (before.owner(key) !== after.owner(key)) moved++;
  }
  const arcs = diff.ranges.map(({ start, end, from, to }) => {
    return { start: Number(start) / space, end: Number(end) / space, from, to };
  });
  const ofKeys = count === 0 ? 0 : moved / count;
  return {
    space: diff.moved,
    minimum: diff.minimum,
    unnecessary: diff.unnecessary,
    keys: moved,
    ofKeys,
    arcs,
  };
}
