import { arcEnd, spaceSize, span } from './arcs.ts';
import { DiffTally } from './diff-tally.ts';
import type { Key } from './key.ts';
import type { Members } from './members.ts';
import type { Arcs, Placement } from './placement.ts';
import { sampleKeys } from './sample-keys.ts';

/** How two rings are compared. */
export interface DiffOptions {
  /** Owners each key has, at least 1; compared as sets, for who is first among them moves no data. Default 1. */
  readonly replicas?: number | undefined;
  /** Compares by these keys and not by the hash space: what moves of one's own data. The result is not `exact`. */
  readonly keys?: Iterable<Key> | undefined;
}

/** A part of hash space `[start, end)` that has to be brought from one node to another. */
export interface MovedRange {
  readonly start: number | bigint;
  readonly end: number | bigint;
  /** Who has it; where a replica is added and nobody gives one up, the first owner. `undefined`: nobody had it. */
  readonly from: string | undefined;
  /** Who gets it; `undefined` where a replica is given up and nobody takes it. */
  readonly to: string | undefined;
}

/** What moves between two rings. Fractions are of all places that keys have: hash space times replicas. */
export interface RingDiff {
  /** Whether the numbers are exact; otherwise they were counted over keys, and `ranges` is empty. */
  readonly exact: boolean;
  /** The space that `ranges` are in, with hash and seed; `undefined` where there is none. */
  readonly space: string | undefined;
  readonly moved: number;
  /** What would move between two maps that are balanced perfectly by weight; a ring may happen to stay below it. */
  readonly minimum: number;
  /** Moved between nodes that are in both rings with the same weight. */
  readonly unnecessary: number;
  /** By start; neighbours with the same nodes are one range. */
  readonly ranges: readonly MovedRange[];
  /** What each node takes in and gives up, for every node that does either. */
  readonly perNode: ReadonlyMap<string, { readonly in: number; readonly out: number }>;
}

/** One of the two rings, as far as a comparison needs it. */
export interface DiffSide {
  readonly members: Members;
  readonly placement: Placement;
}

/**
 * Compares two rings.
 *
 * Exact where both have ranges in one and the same space: the borders of both maps are merged, and between two borders
 * nothing changes. Elsewhere, or where keys are given, it counts over keys.
 *
 * @throws RangeError on `replicas` that is not an integer of at least 1.
 */
export function diffRings(from: DiffSide, to: DiffSide, options: DiffOptions): RingDiff {
  const { replicas = 1, keys } = options;
  if (!(Number.isInteger(replicas) && replicas >= 1)) {
    throw new RangeError(`Replicas must be an integer of at least 1: received ${replicas}`);
  }
  const tally = new DiffTally(from.members, to.members, replicas);
  if (keys === undefined) {
    const before = from.placement.arcs(Math.max(1, Math.min(replicas, from.members.nodes.length)));
    const after = to.placement.arcs(Math.max(1, Math.min(replicas, to.members.nodes.length)));
    if (before !== undefined && after !== undefined && before.space.name === after.space.name) {
      compareArcs(before, after, tally);
      return tally.result(before.space.name);
    }
  }
  compareKeys(from, to, replicas, keys ?? sampleKeys(), tally);
  return tally.result(undefined);
}

function compareArcs(before: Arcs, after: Arcs, tally: DiffTally): void {
  const size = spaceSize(before.space);
  let start = before.space.start;
  for (let a = 0, b = 0; a < before.starts.length && b < after.starts.length; ) {
    const endA = arcEnd(before, a);
    const endB = arcEnd(after, b);
    const end = endA < endB ? endA : endB;
    tally.load(before.owners, a * before.width, before.width, after.owners, b * after.width, after.width);
    tally.count(span(start, end) / size, start, end);
    if (endA === end) a++;
    if (endB === end) b++;
    start = end;
  }
}

function compareKeys(
  from: DiffSide,
  to: DiffSide,
  replicas: number,
  keys: Iterable<Key>,
  tally: DiffTally,
): void {
  const before = new Int32Array(Math.min(replicas, from.members.nodes.length));
  const after = new Int32Array(Math.min(replicas, to.members.nodes.length));
  const owners = (side: DiffSide, key: Key, into: Int32Array): number => {
    return side.members.totalWeight === 0 ? 0 : side.placement.preference(key, into.length, into);
  };
  let keyCount = 0;
  for (const key of keys) {
    keyCount++;
    tally.load(before, 0, owners(from, key, before), after, 0, owners(to, key, after));
    tally.count(1);
  }
  tally.scale(1 / Math.max(1, keyCount));
}
