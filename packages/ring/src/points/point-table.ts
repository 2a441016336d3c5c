import type { Arcs, HashSpace, Table } from '../placement.ts';
import { distinctOwners } from './distinct-owners.ts';
import type { Owners } from './points.ts';
import { BucketTable } from './bucket-table.ts';

/**
 * Points on a ring of 2³² places: a key belongs to the first point at or after its hash, wrapping past the highest.
 */
export class PointTable {
  readonly nodeCount: number;
  /** Sorted positions, without the copy; not to be written to. */
  readonly positions: Uint32Array;
  /** Owner of each point, without the copy; not to be written to. */
  readonly owners: Owners;
  readonly #buckets: BucketTable;

  /** Builds from sorted points, which it copies. The last parameter is for `restore`. */
  constructor(nodeCount: number, positions: Uint32Array, owners: Owners, buckets?: BucketTable) {
    this.nodeCount = nodeCount;
    this.#buckets = buckets ?? BucketTable.of(nodeCount, positions, owners);
    const count = this.#buckets.positions.length - 1;
    this.positions = this.#buckets.positions.subarray(0, count);
    this.owners = this.#buckets.owners.subarray(0, count);
  }

  /** Wraps what `tables` gave. */
  static restore(nodeCount: number, tables: readonly Table[]): PointTable {
    const [positions, owners, entries, starts] = tables as [Uint32Array, Owners, Owners, Owners];
    return new PointTable(nodeCount, positions, owners, new BucketTable(positions, owners, entries, starts));
  }

  tables(): readonly Table[] {
    return this.#buckets.tables();
  }

  /** Owner of a hash, signed or not. There must be a point. */
  owner(hash: number): number {
    return this.#buckets.owner(hash);
  }

  /** Index of the first point at or after a hash, signed or not; 0 beyond the last. */
  find(hash: number): number {
    const at = this.#buckets.find(hash);
    return at === this.positions.length ? 0 : at;
  }

  /** The first `count` distinct owners from a hash on, signed or not; gives how many there are. */
  preference(hash: number, count: number, into: Int32Array): number {
    return distinctOwners(this.owners, this.find(hash), count, into, this.nodeCount);
  }

  /** The whole map, `width` owners an arc. */
  arcs(space: HashSpace, width: number): Arcs {
    const count = this.positions.length;
    // An arc for each distinct position, and the one after the last point, which belongs to the first.
    const starts = new Float64Array(count + 1);
    const owners = new Int32Array((count + 1) * width).fill(-1);
    let arcs = 0;
    let start = 0;
    for (let i = 0; i <= count; i++) {
      const end = i === count ? 2 ** 32 : (this.positions[i] as number) + 1;
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
