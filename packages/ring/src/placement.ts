import type { Key } from './key.ts';
import type { Members } from './members.ts';

/** A typed array that a snapshot can hold as it is. */
export type Table =
  | Uint8Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float64Array
  | BigInt64Array
  | BigUint64Array;

/** What a placement was made from besides its members: plain JSON, for it travels in snapshots. */
export type Settings = Readonly<Record<string, string | number | boolean>>;

/** The values that hashes take in one algorithm with one setting: `[start, end)`. */
export interface HashSpace {
  /** Equal names mean that equal positions mean the same keys, so two rings can be compared position by position. */
  readonly name: string;
  readonly start: number | bigint;
  readonly end: number | bigint;
}

/** The map from hash space to owners, piece by piece. */
export interface Arcs {
  readonly space: HashSpace;
  /** Where each arc starts, ascending without repeats; the first is `space.start`, each ends where the next starts. */
  readonly starts: ArrayLike<number | bigint>;
  /** Owners per arc. */
  readonly width: number;
  /** `width` node indexes for each arc, in order of preference; -1 where there are no more. */
  readonly owners: Int32Array;
}

/**
 * Where keys lie: the working part of a ring, one per algorithm.
 *
 * It knows nodes only by their index in `members.nodes`. It is immutable. `Ring` calls the lookups only while some
 * weight is above 0, so a placement need not defend itself against having no owner.
 */
export interface Placement {
  /** Index of the key's owner. No allocation. @throws TypeError via `badKey` on anything but text and bytes. */
  index(key: Key): number;
  /** The key's place in hash space: a number, or a bigint where the algorithm hashes to 64 bits. */
  hash(key: Key): number | bigint;
  /** Owner of a place in hash space. @throws RangeError outside of the space. */
  indexOfHash(hash: number | bigint): number;
  /**
   * Writes the first `count` distinct owners of the key into `into`, best first, the first being `index(key)`; gives
   * how many there are, fewer than `count` only when every node with a weight above 0 is among them. No allocation.
   */
  preference(key: Key, count: number, into: Int32Array): number;
  /**
   * The whole map with `width` owners an arc, or `undefined` where the algorithm has no such ranges. `diff` and
   * `shares` are exact wherever this is defined, sampled elsewhere.
   */
  arcs(width: number): Arcs | undefined;
  /** Exact shares by index, where the algorithm knows them without arcs. */
  shares?(): Float64Array;
  /** Everything `restore` needs besides members and settings. The ring shares these arrays: never write to them. */
  tables(): readonly Table[];
}

/** How an algorithm plugs into `Ring`: one object for each, listed in `algorithms.ts`. */
export interface Algorithm<Options, P extends Placement = Placement> {
  readonly name: string;
  /** Whether the map depends on the set of members only, not on the order in which they came. */
  readonly historyFree: boolean;
  readonly order: 'by-id' | 'as-given';
  /** Checks the caller's options and fills in defaults. @throws RangeError, TypeError. */
  settings(options: Options): Settings;
  /** Builds from nothing. Members may be empty or weigh nothing. @throws RangeError where a limit is passed. */
  place(members: Members, settings: Settings): P;
  /** Builds from the placement before, where that is cheaper, or where it counts. If `historyFree`, the result equals `place(to, settings)`. */
  replace?(previous: P, from: Members, to: Members, settings: Settings): P;
  /** Wraps the tables of a snapshot without copying them. */
  restore(members: Members, settings: Settings, tables: readonly Table[]): P;
}
