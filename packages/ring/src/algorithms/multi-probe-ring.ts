import { signedXxh32, xxh32 } from '../hash/xxh32.ts';
import type { Key } from '../key.ts';
import type { Members } from '../members.ts';
import type { Algorithm, Placement, Settings, Table } from '../placement.ts';
import { pointCounts, writePoints } from '../points/node-points.ts';
import { PointTable } from '../points/point-table.ts';
import { ownersArray } from '../points/points.ts';
import { sortPoints } from '../points/sort-points.ts';
import { checkedHash32 } from './hash-ring.ts';
import { met } from './met-nodes.ts';
import { checkedSeed } from './seed.ts';

/** Options of the algorithm `multi-probe`. */
export interface MultiProbeOptions {
  readonly algorithm: 'multi-probe';
  /** Places on the ring at which a key looks, 1 to 255. The paper: a peak of 1 + ε takes 1 + 1/ε. Default 21, for 1.05. */
  readonly probes?: number | undefined;
  /** Points of a node of weight 1, 1 to 65,536, default 1. Weights are rounded to points: raise it where they are fractions. */
  readonly pointsPerNode?: number | undefined;
  /** Of keys and nodes: unsigned 32 bits, default 0. */
  readonly seed?: number | undefined;
}

type MultiProbeSettings = { readonly probes: number; readonly pointsPerNode: number; readonly seed: number };

const PROBES_DEFAULT = 21;
const PROBES_MAX = 255;
const POINTS_MAX = 65_536;

/** For each probe of the list being made: its place, and the point at which it stands. */
const places = new Uint32Array(PROBES_MAX);
const cursors = new Uint32Array(PROBES_MAX);

/**
 * Multi-probe consistent hashing (Appleton & O'Reilly, arXiv 1505.00062, 2015): a node has one point on the ring, a key
 * looks from several places and belongs to the point that is nearest clockwise of any of them.
 *
 * The balance of hundreds of points a node with the memory of one; the price is paid in lookups.
 */
export class MultiProbeRing implements Placement {
  readonly points: PointTable;
  readonly #probes: number;
  readonly #seed: number;

  constructor(points: PointTable, probes: number, seed: number) {
    this.points = points;
    this.#probes = probes;
    this.#seed = seed;
  }

  index(key: Key): number {
    return this.#nearest(signedXxh32(key, this.#seed));
  }

  hash(key: Key): number {
    return xxh32(key, this.#seed);
  }

  indexOfHash(hash: number | bigint): number {
    return this.#nearest(checkedHash32(hash));
  }

  /** Of equal distances the one to the lower index wins, so that the order of probes does not matter. */
  #nearest(hash: number): number {
    const points = this.points;
    let best = -1;
    let least = 2 ** 32;
    for (let probe = 0; probe < this.#probes; probe++) {
      const place = probePlace(hash, probe);
      const at = points.find(place);
      const distance = ((points.positions[at] as number) - place) >>> 0;
      if (distance > least) continue;
      const owner = points.owners[at] as number;
      if (distance < least || owner < best) {
        least = distance;
        best = owner;
      }
    }
    return best;
  }

  /** Each next owner is the one the key would have if those before it left. */
  preference(key: Key, count: number, into: Int32Array): number {
    const points = this.points;
    const hash = signedXxh32(key, this.#seed);
    for (let probe = 0; probe < this.#probes; probe++) {
      places[probe] = probePlace(hash, probe);
      cursors[probe] = points.find(places[probe] as number);
    }
    met.clear(points.nodeCount);
    let steps = points.positions.length * this.#probes;
    for (let found = 0; found < count; found++) {
      let best = -1;
      let least = 2 ** 32;
      for (let probe = 0; probe < this.#probes; probe++) {
        let at = cursors[probe] as number;
        while (steps > 0 && met.has(points.owners[at] as number)) {
          steps--;
          if (++at === points.owners.length) at = 0;
        }
        cursors[probe] = at;
        const distance = ((points.positions[at] as number) - (places[probe] as number)) >>> 0;
        const owner = points.owners[at] as number;
        if (!met.has(owner) && (distance < least || (distance === least && owner < best))) {
          least = distance;
          best = owner;
        }
      }
      if (best < 0) return found;
      met.add(best);
      into[found] = best;
    }
    return count;
  }

  arcs(): undefined {
    return undefined;
  }

  tables(): readonly Table[] {
    return this.points.tables();
  }
}

/** Where a key looks for the n-th time: MurmurHash3's finaliser over an arithmetic sequence, so probes are independent. Signed. */
function probePlace(hash: number, probe: number): number {
  let h = hash + Math.imul(probe, 0x9e3779b9);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/** The algorithm `multi-probe`. */
export const multiProbe: Algorithm<MultiProbeOptions, MultiProbeRing> & { readonly name: 'multi-probe' } = {
  name: 'multi-probe',
  historyFree: true,
  order: 'by-id',

  settings({ probes = PROBES_DEFAULT, pointsPerNode = 1, seed = 0 }) {
    if (!(Number.isInteger(probes) && probes >= 1 && probes <= PROBES_MAX)) {
      throw new RangeError(`Probes must be an integer from 1 to ${PROBES_MAX}: received ${probes}`);
    }
    if (!(Number.isInteger(pointsPerNode) && pointsPerNode >= 1 && pointsPerNode <= POINTS_MAX)) {
      throw new RangeError(
        `Points per node must be an integer from 1 to ${POINTS_MAX}: received ${pointsPerNode}`,
      );
    }
    return { probes, pointsPerNode, seed: checkedSeed(seed) };
  },

  place(members, settings) {
    const { probes, pointsPerNode, seed } = settings as MultiProbeSettings;
    const counts = pointCounts(members, pointsPerNode);
    const total = counts.reduce((sum, count) => sum + count, 0);
    const positions = new Uint32Array(total);
    const owners = ownersArray(members.nodes.length, total);
    let at = 0;
    for (const { id, index } of members.nodes) {
      const count = counts[index] as number;
      writePoints(id, 0, count, seed, positions, at);
      owners.fill(index, at, at + count);
      at += count;
    }
    const sorted = sortPoints(positions, owners);
    return new MultiProbeRing(
      new PointTable(members.nodes.length, sorted.positions, sorted.owners),
      probes,
      seed,
    );
  },

  restore(members: Members, settings: Settings, tables: readonly Table[]): MultiProbeRing {
    const { probes, seed } = settings as MultiProbeSettings;
    return new MultiProbeRing(PointTable.restore(members.nodes.length, tables), probes, seed);
  },
};
