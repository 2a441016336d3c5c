import type { Key } from '../key.ts';
import type { Members } from '../members.ts';
import type { Placement, Table } from '../placement.ts';
import { hash64, readHash64, toBigint } from './hash/uint64.ts';
import { xxh64OfKey } from './hash/xxh64.ts';
import { met } from './met-nodes.ts';

const pair = hash64();

/** Attempts for a list of owners before what is missing follows by index: the last of n nodes is met after n·ln n or so. */
const ATTEMPTS_PER_NODE = 4;

/**
 * What jump and JumpBack share: a node's bucket is its position in the list, keys are XXH64, and there is no table.
 *
 * Both can grow and shrink at the end only: a node that leaves from the middle would shift the buckets of all behind it,
 * so `with` refuses that. Both have no weights.
 */
export abstract class BucketRing implements Placement {
  readonly bucketCount: number;
  readonly #seed: number;

  constructor(bucketCount: number, seed: number) {
    this.bucketCount = bucketCount;
    this.#seed = seed;
  }

  /** The bucket of a 64-bit hash in halves. */
  protected abstract bucket(high: number, low: number): number;

  index(key: Key): number {
    xxh64OfKey(key, this.#seed, pair);
    return this.bucket(pair[0] as number, pair[1] as number);
  }

  hash(key: Key): bigint {
    xxh64OfKey(key, this.#seed, pair);
    return toBigint(pair);
  }

  indexOfHash(hash: number | bigint): number {
    readHash64(hash, pair);
    return this.bucket(pair[0] as number, pair[1] as number);
  }

  /**
   * The buckets of the hash, of the hash hashed once more, and so on, repeats left out. Each of those moves into a new
   * node only; a list can lose a second owner where two of its places move at once.
   */
  preference(key: Key, count: number, into: Int32Array): number {
    xxh64OfKey(key, this.#seed, pair);
    let high = pair[0] as number;
    let low = pair[1] as number;
    const buckets = this.bucketCount;
    met.clear(buckets);
    let found = 0;
    for (let attempt = 0; attempt < 32 + ATTEMPTS_PER_NODE * buckets && found < count; attempt++) {
      const bucket = this.bucket(high, low);
      if (met.add(bucket)) into[found++] = bucket;
      low = mix(low ^ high);
      high = mix((high + 0x9e3779b9) ^ low);
    }
    for (let bucket = 0; bucket < buckets && found < count; bucket++) {
      if (met.add(bucket)) into[found++] = bucket;
    }
    return found;
  }

  arcs(): undefined {
    return undefined;
  }

  /** Every bucket has the same share, to within 2⁻³² of it. */
  shares(): Float64Array {
    return new Float64Array(this.bucketCount).fill(1 / this.bucketCount);
  }

  tables(): readonly Table[] {
    return [];
  }
}

/** The finaliser of MurmurHash3 x86 32. */
function mix(x: number): number {
  let h = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/** How many buckets the members are. @throws RangeError on a weight other than 1. */
export function bucketCount(algorithm: string, members: Members): number {
  for (const { id, weight } of members.nodes) {
    if (weight !== 1) {
      throw new RangeError(
        `Weight of node "${id}" must be 1 with algorithm "${algorithm}", which has no weights: received ${weight}`,
      );
    }
  }
  return members.nodes.length;
}

/** @throws RangeError where a node that stays would get another bucket, because one before it left. */
export function refuseShift(algorithm: string, from: Members, to: Members): void {
  for (const { id, index } of to.nodes) {
    const before = from.indexOf(id);
    if (before >= 0 && before !== index) {
      const gone = from.nodes.find(node => to.indexOf(node.id) < 0);
      throw new RangeError(
        `Node "${gone?.id}" cannot be removed: with algorithm "${algorithm}" nodes leave from the end only, and "${id}" would move from bucket ${before} to ${index}`,
      );
    }
  }
}
