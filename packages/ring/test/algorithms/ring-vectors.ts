import { readFileSync } from 'node:fs';

type Row<T extends readonly unknown[]> = readonly T[];
type ByKey<T> = Readonly<Record<string, T>>;

/** The parts of `test/vectors/ring-vectors.json` that the tests of this folder read. */
export interface RingVectors {
  readonly ketama: {
    readonly hashi: ByKey<number>;
    readonly lookup_two_servers: {
      readonly servers: ByKey<number>;
      readonly key: string;
      readonly point: number;
      readonly owner: string;
      readonly points: number;
    };
    readonly wrap: { readonly key: string; readonly hash: number; readonly ring_index: number };
    readonly libmemcached_json: {
      readonly count: number;
      readonly rows_key_hash_point_host: Row<[key: string, hash: number, point: number, host: string]>;
    };
    readonly ketama_python_100k: PythonFile;
    readonly hash_ring_python_100k: PythonFile;
    readonly hashring_npm: { readonly servers: readonly string[]; readonly owners: ByKey<string> };
  };
  readonly jump: {
    readonly key_buckets_bucket: BucketRows;
    readonly guava_key_buckets_bucket: BucketRows;
    readonly computed_extra: BucketRows;
    readonly strings_key_buckets_hash_bucket: Row<
      [key: string, buckets: number, hash: string, bucket: number]
    >;
  };
  readonly jumpback: {
    readonly n2: ByKey<number>;
    readonly n3: ByKey<number>;
    readonly computed_extra: BucketRows;
    readonly jumpBackAnchor_readme: {
      readonly keys: readonly string[];
      readonly three_buckets: readonly number[];
    };
  };
  readonly redis_cluster: {
    readonly binary_key_slot: readonly [bytes: readonly number[], slot: number];
    readonly peer_wrong_cluster_key_slot_1_1_2: Row<[key: string, slot: number]>;
    readonly key_slot: Row<[key: string, slot: number]>;
    readonly edge_key_slot_computed: Row<[key: string, slot: number]>;
    readonly crc16_123456789: string;
  };
  readonly envoy_maglev: {
    readonly tables: readonly {
      readonly name: string;
      readonly M: number;
      readonly hosts: Row<[id: string, weight: number]>;
      readonly expect: readonly number[];
    }[];
  };
  readonly envoy_ring_hash: {
    readonly basic_12: Row<[host: string, position: string]>;
    readonly hostname_12: Row<[host: string, position: string]>;
    readonly murmur2_12: Row<[host: string, position: string]>;
    readonly lookups_basic: ByKey<string>;
    readonly retries_basic_hash0: {
      readonly 'attempt walks ring': readonly string[];
      readonly '13 retries wraps to': string;
    };
  };
  readonly cassandra_murmur3_tokens: { readonly hex_token: Row<[hex: string, token: string]> };
  readonly hashes: {
    readonly xxh32: HexHashes;
    readonly xxh64: HexHashes;
    readonly murmur3_32: {
      readonly hex_seed_hash: Row<[hex: string, seed: string, hash: string]>;
      readonly smhasher_verification: string;
    };
    readonly fnv1a_32: { readonly known: ByKey<string> };
  };
}

type BucketRows = Row<[key: string, buckets: number, bucket: number]>;

interface HexHashes {
  readonly known: ByKey<string>;
  readonly computed_seed0: ByKey<string>;
  readonly computed_seed_1: ByKey<string>;
}

interface PythonFile {
  readonly servers: ByKey<number>;
  readonly sha256_of_file: string;
  readonly first_100_owner_last_digit: string;
}

const file = new URL('../vectors/ring-vectors.json', import.meta.url);

/** Published reference values, each with its source in the file. */
export const vectors: RingVectors = JSON.parse(readFileSync(file, 'utf8')) as RingVectors;

/** Weights by id as a list of nodes. */
export function nodesOf(weights: ByKey<number>): { id: string; weight: number }[] {
  return Object.entries(weights).map(([id, weight]) => ({ id, weight }));
}
