import { signedXxh32, xxh32 } from '../hash/xxh32.ts';
import type { Key } from '../key.ts';
import type { Members } from '../members.ts';
import type { Algorithm, Arcs, HashSpace, Placement, Settings, Table } from '../placement.ts';
import { PointTable } from '../points/point-table.ts';
import type { Points } from '../points/points.ts';
import { changedPoints, ringPoints } from '../points/ring-points.ts';
import { checkedSeed } from './seed.ts';

/** Options of the algorithm `ring`. */
export interface HashRingOptions {
  readonly algorithm?: 'ring' | undefined;
  /** Points of a node of weight 1; the spread of loads falls with its square root. Default 160, 1 to 65,536. */
  readonly vnodes?: number | undefined;
  /** Unsigned 32 bits, default 0. Rings with different seeds are independent of each other. */
  readonly seed?: number | undefined;
}

const VNODES_DEFAULT = 160;
const VNODES_MAX = 65_536;

/** Consistent hashing with points on a ring (Karger et al. 1997), over XXH32. */
export class HashRing implements Placement {
  readonly points: PointTable;
  readonly #seed: number;

  constructor(points: PointTable, seed: number) {
    this.points = points;
    this.#seed = seed;
  }

  index(key: Key): number {
    return this.points.owner(signedXxh32(key, this.#seed));
  }

  hash(key: Key): number {
    return xxh32(key, this.#seed);
  }

  indexOfHash(hash: number | bigint): number {
    return this.points.owner(checkedHash32(hash));
  }

  preference(key: Key, count: number, into: Int32Array): number {
    return this.points.preference(signedXxh32(key, this.#seed), count, into);
  }

  arcs(width: number): Arcs {
    return this.points.arcs(space(this.#seed), width);
  }

  tables(): readonly Table[] {
    return this.points.tables();
  }
}

function space(seed: number): HashSpace {
  return { name: `xxh32/${seed}`, start: 0, end: 2 ** 32 };
}

/** The hash as a number. @throws RangeError outside of 32 unsigned bits. */
export function checkedHash32(hash: number | bigint): number {
  if (typeof hash === 'number' && hash >>> 0 === hash) return hash;
  throw new RangeError(`Hash must be an integer from 0 to 4294967295: received ${hash}`);
}

/** The algorithm `ring`. */
export const hashRing: Algorithm<HashRingOptions, HashRing> & { readonly name: 'ring' } = {
  name: 'ring',
  historyFree: true,
  order: 'by-id',

  settings({ vnodes = VNODES_DEFAULT, seed = 0 }) {
    if (!(Number.isInteger(vnodes) && vnodes >= 1 && vnodes <= VNODES_MAX)) {
      throw new RangeError(`Vnodes must be an integer from 1 to ${VNODES_MAX}: received ${vnodes}`);
    }
    return { vnodes, seed: checkedSeed(seed) };
  },

  place(members, settings) {
    const points = ringPoints(members, settings as HashRingSettings);
    return hashRingOf(members, points, settings);
  },

  replace(previous, from, to, settings) {
    const points = changedPoints(previous.points, from, to, settings as HashRingSettings);
    return hashRingOf(to, points, settings);
  },

  restore(members: Members, settings: Settings, tables: readonly Table[]): HashRing {
    const { seed } = settings as HashRingSettings;
    return new HashRing(PointTable.restore(members.nodes.length, tables), seed);
  },
};

type HashRingSettings = { readonly vnodes: number; readonly seed: number };

function hashRingOf(members: Members, { positions, owners }: Points, settings: Settings): HashRing {
  const { seed } = settings as HashRingSettings;
  return new HashRing(new PointTable(members.nodes.length, positions, owners), seed);
}
