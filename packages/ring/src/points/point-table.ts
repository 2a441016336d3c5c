import type { Arcs, HashSpace, Table } from '../placement.ts';
import { distinctOwners } from './distinct-owners.ts';

/** Owners by index: two bytes each while 65,535 nodes are enough, four beyond. */
export type Owners = Uint16Array | Uint32Array;

/** An array for owners that leaves the highest value free to mean "look at the points". */
export function ownersArray(nodeCount: number, length: number): Owners {
  return nodeCount <= 0xffff ? new Uint16Array(length) : new Uint32Array(length);
}

/**
 * Points on a ring of 2³² places, with a table over the top bits of the hash.
 *
 * A key belongs to the first point at or after its hash, wrapping past the highest. Where no point lies in a bucket
 * every hash in it has one owner, which the bucket holds itself; that answers most lookups with one read. The others
 * start at the first point of their group of buckets and go on from there.
 *
 * ```
 *   hash = bbbbbbbb bbbbbbbb xxxxxxxx xxxxxxxx
 *          └── bucket ─────┘   direct[bucket]  = owner, or NONE: has points
 *          └─ group ──┘        starts[group]   = index of its first point
 * ```
 */
export class PointTable {
  readonly nodeCount: number;
  /** Ascending; equal positions in order of precedence. */
  readonly positions: Uint32Array;
  readonly owners: Owners;
  readonly #direct: Owners;
  readonly #starts: Uint32Array;
  readonly #shift: number;
  readonly #groupShift: number;
  readonly #none: number;

  /** Takes arrays as they are; they must not change any more. Without the last two it builds them. */
  constructor(
    nodeCount: number,
    positions: Uint32Array,
    owners: Owners,
    direct?: Owners,
    starts?: Uint32Array,
  ) {
    const bits = bucketBits(positions.length);
    this.nodeCount = nodeCount;
    this.positions = positions;
    this.owners = owners;
    this.#shift = 32 - bits;
    this.#groupShift = this.#shift + GROUP_BITS;
    this.#none = owners instanceof Uint16Array ? 0xffff : 0xffffffff;
    this.#direct = direct ?? directOwners(positions, owners, bits, this.#none);
    this.#starts = starts ?? groupStarts(positions, this.#groupShift);
  }

  /** Wraps what `tables` gave. */
  static restore(nodeCount: number, tables: readonly Table[]): PointTable {
    const [positions, owners, direct, starts] = tables as [Uint32Array, Owners, Owners, Uint32Array];
    return new PointTable(nodeCount, positions, owners, direct, starts);
  }

  tables(): readonly Table[] {
    return [this.positions, this.owners, this.#direct, this.#starts];
  }

  /** Owner of a hash. There must be a point. */
  owner(hash: number): number {
    const owner = this.#direct[hash >>> this.#shift] as number;
    return owner === this.#none ? (this.owners[this.find(hash)] as number) : owner;
  }

  /** Index of the first point at or after a hash, 0 beyond the last. */
  find(hash: number): number {
    const group = hash >>> this.#groupShift;
    const positions = this.positions;
    let low = this.#starts[group] as number;
    let high = this.#starts[group + 1] as number;
    while (high - low > 16) {
      const middle = (low + high) >>> 1;
      if ((positions[middle] as number) < hash) low = middle + 1;
      else high = middle;
    }
    while (low < high && (positions[low] as number) < hash) low++;
    return low === positions.length ? 0 : low;
  }

  /** The first `count` distinct owners from a hash on; gives how many there are. */
  preference(hash: number, count: number, into: Int32Array): number {
    return distinctOwners(this.owners, this.find(hash), count, into, this.nodeCount);
  }

  /** The whole map, `width` owners an arc. */
  arcs(space: HashSpace, width: number): Arcs {
    const { positions } = this;
    const count = positions.length;
    // An arc for each distinct position, and the one after the last point, which belongs to the first.
    const starts = new Float64Array(count + 1);
    const owners = new Int32Array((count + 1) * width).fill(-1);
    let arcs = 0;
    let start = 0;
    for (let i = 0; i <= count; i++) {
      const end = i === count ? 2 ** 32 : (positions[i] as number) + 1;
      if (end === start) continue;
      starts[arcs] = start;
      const into = owners.subarray(arcs * width, (arcs + 1) * width);
      if (count > 0) distinctOwners(this.owners, i === count ? 0 : i, width, into, this.nodeCount);
      arcs++;
      start = end;
    }
    return { space, starts: starts.subarray(0, arcs), width, owners: owners.subarray(0, arcs * width) };
  }
}

const GROUP_BITS = 3;
const BITS_MIN = 4;
const BITS_MAX = 26;

/** Four buckets a point, rounded up to a power of two: three of four lookups then find no point in their bucket. */
function bucketBits(pointCount: number): number {
  return Math.min(BITS_MAX, Math.max(BITS_MIN, Math.ceil(Math.log2(4 * pointCount + 1))));
}

function directOwners(positions: Uint32Array, owners: Owners, bits: number, none: number): Owners {
  const buckets = 2 ** bits;
  const direct = owners instanceof Uint16Array ? new Uint16Array(buckets) : new Uint32Array(buckets);
  const shift = 32 - bits;
  let next = 0;
  for (let i = 0; i < positions.length; i++) {
    const bucket = (positions[i] as number) >>> shift;
    const owner = owners[i] as number;
    while (next < bucket) direct[next++] = owner;
    if (next === bucket) direct[next++] = none;
  }
  if (positions.length > 0) direct.fill(owners[0] as number, next);
  return direct;
}

/** Index of the first point of each group, and the number of points at the end. */
function groupStarts(positions: Uint32Array, groupShift: number): Uint32Array {
  const groups = 2 ** (32 - groupShift);
  const starts = new Uint32Array(groups + 1);
  let next = 0;
  for (let i = 0; i < positions.length; i++) {
    const group = (positions[i] as number) >>> groupShift;
    while (next <= group) starts[next++] = i;
  }
  starts.fill(positions.length, next);
  return starts;
}
