import type { Arcs, HashSpace, Table } from '../placement.ts';
import { distinctOwners } from '../points/distinct-owners.ts';
import { type Owners, ownersArray } from '../points/points.ts';
import { sortPoints } from '../points/sort-points.ts';

/**
 * Points on a ring of 2⁶⁴ places, positions in unsigned halves, with a table over the top bits of the high half.
 *
 * A key belongs to the first point at or after its hash, wrapping past the highest. The bucket of the hash gives the
 * points among which that one is, on average a half; a binary search handles buckets in which many were put together.
 */
export class PointTable64 {
  readonly nodeCount: number;
  readonly high: Uint32Array;
  readonly low: Uint32Array;
  readonly owners: Owners;
  readonly #starts: Uint32Array;
  readonly #shift: number;

  /** Takes arrays in order of position as they are; they must not change any more. Without the last it builds it. */
  constructor(nodeCount: number, high: Uint32Array, low: Uint32Array, owners: Owners, starts?: Uint32Array) {
    const bits = Math.min(26, Math.max(4, Math.ceil(Math.log2(2 * high.length + 1))));
    this.nodeCount = nodeCount;
    this.high = high;
    this.low = low;
    this.owners = owners;
    this.#shift = 32 - bits;
    this.#starts = starts ?? bucketStarts(high, bits);
  }

  /** Sorts points given in any order; points at one position keep their order. */
  static build(nodeCount: number, high: Uint32Array, low: Uint32Array, owners: Owners): PointTable64 {
    const count = high.length;
    const numbers = new Uint32Array(count);
    for (let i = 0; i < count; i++) numbers[i] = i;
    // Least half first: both sorts are stable, so the second keeps what the first did among equal high halves. They
    // sort in place, and the low halves are needed once more.
    const byLow = sortPoints(low.slice(), numbers);
    const order = sortPoints(gather(high, byLow.owners), byLow.owners);
    const lows = gather(low, order.owners);
    const sorted = ownersArray(nodeCount, count);
    for (let at = 0; at < count; at++) sorted[at] = owners[order.owners[at] as number] as number;
    return new PointTable64(nodeCount, order.positions, lows, sorted);
  }

  /** Wraps what `tables` gave. */
  static restore(nodeCount: number, tables: readonly Table[]): PointTable64 {
    const [high, low, owners, starts] = tables as [Uint32Array, Uint32Array, Owners, Uint32Array];
    return new PointTable64(nodeCount, high, low, owners, starts);
  }

  tables(): readonly Table[] {
    return [this.high, this.low, this.owners, this.#starts];
  }

  /** Owner of a hash in halves, signed or not. There must be a point. */
  owner(high: number, low: number): number {
    return this.owners[this.find(high, low)] as number;
  }

  /** Index of the first point at or after a hash, 0 beyond the last. */
  find(high: number, low: number): number {
    const h = high >>> 0;
    const l = low >>> 0;
    const bucket = h >>> this.#shift;
    let first = this.#starts[bucket] as number;
    let last = this.#starts[bucket + 1] as number;
    while (last - first > 8) {
      const middle = (first + last) >>> 1;
      if (this.#isBefore(middle, h, l)) first = middle + 1;
      else last = middle;
    }
    while (first < last && this.#isBefore(first, h, l)) first++;
    return first === this.high.length ? 0 : first;
  }

  #isBefore(at: number, high: number, low: number): boolean {
    const pointHigh = this.high[at] as number;
    return pointHigh < high || (pointHigh === high && (this.low[at] as number) < low);
  }

  /** The first `count` distinct owners from a hash on; gives how many there are. */
  preference(high: number, low: number, count: number, into: Int32Array): number {
    return distinctOwners(this.owners, this.find(high, low), count, into, this.nodeCount);
  }

  /** The position of a point, unsigned. */
  position(at: number): bigint {
    return (BigInt(this.high[at] as number) << 32n) | BigInt(this.low[at] as number);
  }

  /** The whole map, `width` owners an arc; positions are counted from `space.start`. */
  arcs(space: HashSpace, width: number): Arcs {
    const count = this.owners.length;
    const origin = space.start as bigint;
    const starts = origin < 0n ? new BigInt64Array(count + 1) : new BigUint64Array(count + 1);
    const owners = new Int32Array((count + 1) * width).fill(-1);
    let arcs = 0;
    let start = 0n;
    for (let at = 0; at <= count; at++) {
      const end = at === count ? 2n ** 64n : this.position(at) + 1n;
      if (end === start) continue;
      starts[arcs] = origin + start;
      const first = at === count ? 0 : at;
      if (count > 0 && width === 1) owners[arcs] = this.owners[first] as number;
      else if (count > 0) {
        const into = owners.subarray(arcs * width, (arcs + 1) * width);
        distinctOwners(this.owners, first, width, into, this.nodeCount);
      }
      arcs++;
      start = end;
    }
    return { space, starts: starts.subarray(0, arcs), width, owners: owners.subarray(0, arcs * width) };
  }
}

/** `values[order[0]]`, `values[order[1]]` and so on. */
function gather(values: Uint32Array, order: Owners): Uint32Array {
  const gathered = new Uint32Array(order.length);
  for (let at = 0; at < order.length; at++) gathered[at] = values[order[at] as number] as number;
  return gathered;
}

/** Index of the first point of each bucket, and the number of points at the end. */
function bucketStarts(high: Uint32Array, bits: number): Uint32Array {
  const starts = new Uint32Array(2 ** bits + 1);
  let next = 0;
  for (let at = 0; at < high.length; at++) {
    const bucket = (high[at] as number) >>> (32 - bits);
    while (next <= bucket) starts[next++] = at;
  }
  starts.fill(high.length, next);
  return starts;
}
