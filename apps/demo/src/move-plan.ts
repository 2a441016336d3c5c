import type { View } from '@quorate/node';

/** How much of the ring, and how many of the keys, changed owner between two views. Fractions are of 1. */
export interface MovePlan {
  /** Of the hash space, by the ring's own difference. */
  readonly space: number;
  /** What would move between two perfectly balanced maps; no ring is that, so it can fall a little short of it, too. */
  readonly minimum: number;
  /** Of the hash space, what moved between two nodes that are in both views: it should be nothing. */
  readonly unnecessary: number;
  readonly keys: number;
  readonly ofKeys: number;
}

/** A moved range, as fractions of the ring, for the picture. */
export interface MovedArc {
  readonly start: number;
  readonly end: number;
  readonly to: string;
}

/** The hash space of the default ring: positions are 32-bit numbers. */
const spaceSize = 0x1_0000_0000;

/** What moves between two views, for the ring and for these keys. */
export function planOf(before: View, after: View, keys: Iterable<string>): MovePlan {
  const { moved: space, minimum, unnecessary } = before.ring.diff(after.ring);
  let moved = 0;
  let count = 0;
  for (const key of keys) {
    count++;
    if (before.owner(key) !== after.owner(key)) moved++;
  }
  return { space, minimum, unnecessary, keys: moved, ofKeys: count === 0 ? 0 : moved / count };
}

/** Where on the ring the ranges are that changed owner between two views. */
export function arcsOf(before: View, after: View): MovedArc[] {
  return before.ring
    .diff(after.ring)
    .ranges.flatMap(({ start, end, to }) =>
      to === undefined ? [] : [{ start: Number(start) / spaceSize, end: Number(end) / spaceSize, to }],
    );
}
