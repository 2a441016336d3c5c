import type { Table } from '../placement.ts';
import { type Owners, ownersArray } from './points.ts';

/**
 * Finds a point by the top bits of a hash.
 *
 * Where no point lies in a bucket, every hash in it has one owner, and the entry is that owner: one read answers. Other
 * entries carry a flag and the index of the bucket's first point; mostly the answer is that point or the next one,
 * which a comparison without a branch decides. Mispredicted branches, not reads, are what a lookup would wait for.
 *
 * ```
 *   hash = bbbbbbbb bbbbbbbb xxxxxxxx xxxxxxxx
 *          └── bucket ─────┘   entries[bucket]  = owner, or flag | index of its first point
 *          └─ group ──┘        starts[group]    = index of its first point, for `find`
 * ```
 */
export class BucketTable {
  /** Sorted positions, then the highest there is. */
  readonly positions: Uint32Array;
  /** Owner of each point, then that of the first again. */
  readonly owners: Owners;
  readonly #entries: Owners;
  readonly #starts: Owners;
  readonly #shift: number;
  readonly #flag: number;

  /** Takes arrays as `tables` gave them. */
  constructor(positions: Uint32Array, owners: Owners, entries: Owners, starts: Owners) {
    this.positions = positions;
    this.owners = owners;
    this.#entries = entries;
    this.#starts = starts;
    this.#shift = Math.clz32(entries.length - 1);
    this.#flag = entries instanceof Uint16Array ? 0x8000 : 0x80000000;
  }

  /** Copies sorted points, and one more after them, so that a search needs no test for the end and wraps by itself. */
  static of(nodeCount: number, sortedPositions: Uint32Array, sortedOwners: Owners): BucketTable {
    const count = sortedPositions.length;
    const positions = new Uint32Array(count + 1);
    positions.set(sortedPositions);
    positions[count] = 0xffffffff;
    const owners = ownersArray(nodeCount, count + 1);
    owners.set(sortedOwners);
    owners[count] = owners[0] as number;
    const bits = bucketBits(count);
    const narrow = positions.length <= 0x8000 && nodeCount <= 0x8000;
    const make = (length: number): Owners => (narrow ? new Uint16Array(length) : new Uint32Array(length));
    const entries = make(2 ** bits);
    fillEntries(entries, positions, owners, 32 - bits, narrow ? 0x8000 : 0x80000000);
    const starts = make(2 ** (bits - GROUP_BITS));
    fillStarts(starts, positions, 32 - bits + GROUP_BITS);
    return new BucketTable(positions, owners, entries, starts);
  }

  tables(): readonly Table[] {
    return [this.positions, this.owners, this.#entries, this.#starts];
  }

  /** Owner of the first point at or after a hash, signed or not. */
  owner(hash: number): number {
    const entry = this.#entries[hash >>> this.#shift] as number;
    if (entry < this.#flag) return entry;
    const first = entry & (this.#flag - 1);
    const place = hash >>> 0;
    const at = first + Number((this.positions[first] as number) < place);
    if ((this.positions[at] as number) >= place) return this.owners[at] as number;
    return this.owners[this.#search(at, hash)] as number;
  }

  /** Index of the first point at or after a hash, signed or not; the number of points beyond the last. */
  find(hash: number): number {
    const entry = this.#entries[hash >>> this.#shift] as number;
    const flagged = entry >= this.#flag;
    const first = flagged
      ? entry & (this.#flag - 1)
      : (this.#starts[hash >>> (this.#shift + GROUP_BITS)] as number);
    // Mostly it is one of the next three, which comparisons without a branch decide.
    const positions = this.positions;
    const place = hash >>> 0;
    const second = first + Number((positions[first] as number) < place);
    const at = second + Number((positions[second] as number) < place);
    return (positions[at] as number) >= place ? at : this.#search(at, hash);
  }

  /** Goes on from a point: a few steps, then by halves, for positions that someone chose may all lie together. */
  #search(from: number, hash: number): number {
    const positions = this.positions;
    const place = hash >>> 0;
    let low = from;
    for (let step = 0; step < STEPS_MAX; step++) {
      if ((positions[low] as number) >= place) return low;
      low++;
    }
    let high = positions.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((positions[middle] as number) < place) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

const GROUP_BITS = 2;
const STEPS_MAX = 16;
const BITS_MIN = 4;

/**
 * Four buckets a point while the table stays within 2¹⁶ entries, one to two beyond: a larger table misses the cache
 * more often than it saves comparisons.
 */
function bucketBits(pointCount: number): number {
  const log = Math.ceil(Math.log2(pointCount + 1));
  return Math.max(BITS_MIN, log, Math.min(16, log + 2));
}

function fillEntries(
  entries: Owners,
  positions: Uint32Array,
  owners: Owners,
  shift: number,
  flag: number,
): void {
  let next = 0;
  const count = positions.length - 1;
  for (let i = 0; i < count; i++) {
    const bucket = (positions[i] as number) >>> shift;
    const owner = owners[i] as number;
    while (next < bucket) entries[next++] = owner;
    if (next === bucket) entries[next++] = flag | i;
  }
  entries.fill(owners[count] as number, next);
}

function fillStarts(starts: Owners, positions: Uint32Array, shift: number): void {
  let next = 0;
  const count = positions.length - 1;
  for (let i = 0; i < count; i++) {
    const group = (positions[i] as number) >>> shift;
    while (next <= group) starts[next++] = i;
  }
  starts.fill(count, next);
}
