import type { Key } from '../key.ts';
import type { Members } from '../members.ts';
import type { Algorithm, Arcs, Placement, Settings, Table } from '../placement.ts';
import { ownersArray } from '../points/points.ts';
import { envoyPointCounts } from './envoy-points.ts';
import { keyWords } from './hash/key-words.ts';
import { murmur2x64a } from './hash/murmur2-64a.ts';
import { hash64, readHash64, toBigint } from './hash/uint64.ts';
import { xxh64, xxh64OfKey } from './hash/xxh64.ts';
import { appendIdle, idleNodes } from './idle-nodes.ts';
import { PointTable64 } from './point-table-64.ts';

/** Options of the algorithm `envoy-ring`, named after Envoy's. */
export interface EnvoyRingOptions {
  readonly algorithm: 'envoy-ring';
  /** Default 1,024, at most `maximumRingSize`. */
  readonly minimumRingSize?: number | undefined;
  /** Default and limit 8,388,608. */
  readonly maximumRingSize?: number | undefined;
  /** What places the points: Envoy's `XX_HASH` or `MURMUR_HASH_2`. Keys are hashed with XXH64 in both. Default `'xxhash'`. */
  readonly hashFunction?: 'xxhash' | 'murmur2' | undefined;
}

type EnvoyRingSettings = Required<{
  readonly [K in Exclude<keyof EnvoyRingOptions, 'algorithm'>]: NonNullable<EnvoyRingOptions[K]>;
}>;

const SIZE_MIN_DEFAULT = 1024;
const SIZE_MAX = 8 * 1024 * 1024;
/** The seed with which libstdc++, and so Envoy, uses MurmurHash2. */
const MURMUR_SEED = 0xc70f6907;

const pair = hash64();

/**
 * Ring hash as Envoy's `envoy.load_balancing_policies.ring_hash` has it: points at XXH64 of "id_i", 64-bit positions.
 *
 * Ids are what Envoy hashes of a host: "address:port", or the host name with `use_hostname_for_hashing`. The list of
 * several owners is the walk of Envoy's retries with hosts it has tried left out. Point counts depend on all weights, so
 * a change can move keys between untouched nodes.
 */
export class EnvoyHashRing implements Placement {
  readonly points: PointTable64;
  readonly #idle: Int32Array;

  constructor(points: PointTable64, members: Members) {
    this.points = points;
    this.#idle = idleNodes(members, points.owners);
  }

  index(key: Key): number {
    xxh64OfKey(key, 0, pair);
    return this.points.owner(pair[0] as number, pair[1] as number);
  }

  hash(key: Key): bigint {
    xxh64OfKey(key, 0, pair);
    return toBigint(pair);
  }

  indexOfHash(hash: number | bigint): number {
    readHash64(hash, pair);
    return this.points.owner(pair[0] as number, pair[1] as number);
  }

  preference(key: Key, count: number, into: Int32Array): number {
    xxh64OfKey(key, 0, pair);
    const found = this.points.preference(pair[0] as number, pair[1] as number, count, into);
    return appendIdle(found, count, into, this.#idle);
  }

  arcs(width: number): Arcs {
    return this.points.arcs({ name: 'xxh64', start: 0n, end: 2n ** 64n }, width);
  }

  tables(): readonly Table[] {
    return this.points.tables();
  }
}

/** The algorithm `envoy-ring`. */
export const envoyRing: Algorithm<EnvoyRingOptions, EnvoyHashRing> & { readonly name: 'envoy-ring' } = {
  name: 'envoy-ring',
  historyFree: false,
  order: 'as-given',

  settings({ minimumRingSize = SIZE_MIN_DEFAULT, maximumRingSize = SIZE_MAX, hashFunction = 'xxhash' }) {
    if (!(Number.isInteger(maximumRingSize) && maximumRingSize >= 1 && maximumRingSize <= SIZE_MAX)) {
      throw new RangeError(
        `Maximum ring size must be an integer from 1 to ${SIZE_MAX}: received ${maximumRingSize}`,
      );
    }
    if (!(Number.isInteger(minimumRingSize) && minimumRingSize >= 1 && minimumRingSize <= maximumRingSize)) {
      throw new RangeError(
        `Minimum ring size must be an integer from 1 to the maximum of ${maximumRingSize}: received ${minimumRingSize}`,
      );
    }
    if (hashFunction !== 'xxhash' && hashFunction !== 'murmur2') {
      throw new RangeError(`Hash function must be xxhash or murmur2: received "${String(hashFunction)}"`);
    }
    return { minimumRingSize, maximumRingSize, hashFunction };
  },

  place(members, settings) {
    const { minimumRingSize, maximumRingSize, hashFunction } = settings as EnvoyRingSettings;
    const counts = envoyPointCounts(
      members.nodes.map(node => node.weight),
      minimumRingSize,
      maximumRingSize,
    );
    const total = counts.reduce((sum, count) => sum + count, 0);
    const high = new Uint32Array(total);
    const low = new Uint32Array(total);
    const owners = ownersArray(members.nodes.length, total);
    let at = 0;
    for (const { id, index } of members.nodes) {
      for (let i = 0; i < (counts[index] as number); i++) {
        keyWords.load(`${id}_${i}`);
        if (hashFunction === 'murmur2') murmur2x64a(keyWords.words, keyWords.length, MURMUR_SEED, pair);
        else xxh64(keyWords.words, keyWords.length, 0, 0, pair);
        high[at] = pair[0] as number;
        low[at] = pair[1] as number;
        owners[at++] = index;
      }
    }
    return new EnvoyHashRing(PointTable64.build(members.nodes.length, high, low, owners), members);
  },

  restore(members: Members, _settings: Settings, tables: readonly Table[]): EnvoyHashRing {
    return new EnvoyHashRing(PointTable64.restore(members.nodes.length, tables), members);
  },
};
