import type { Key } from '../key.ts';
import type { Members } from '../members.ts';
import type { Algorithm, Arcs, Placement, Settings, Table } from '../placement.ts';
import type { Owners } from '../points/points.ts';
import { hash64, readHash64, remainder, toBigint } from './hash/uint64.ts';
import { xxh64OfKey } from './hash/xxh64.ts';
import { appendIdle, idleNodes } from './idle-nodes.ts';
import { met } from './met-nodes.ts';
import { checkedTableSize, maglevTable, TABLE_SIZE_DEFAULT } from './maglev-table.ts';

/** Options of the algorithm `envoy-maglev`. */
export interface EnvoyMaglevOptions {
  readonly algorithm: 'envoy-maglev';
  /** Envoy's `table_size`: a prime up to 5,000,011, default 65,537. */
  readonly tableSize?: number | undefined;
}

const pair = hash64();

/**
 * Maglev as Envoy's `envoy.load_balancing_policies.maglev` has it: the same table, XXH64 of the key modulo the size.
 *
 * Ids are what Envoy hashes of a host: "address:port", or the host name with `use_hostname_for_hashing`. The list of
 * several owners follows Envoy's retries: attempt n looks up `hash ^ (2⁶⁴ − n)`.
 */
export class EnvoyMaglevRing implements Placement {
  readonly table: Owners;
  readonly #fold: number;
  readonly #nodeCount: number;
  readonly #idle: Int32Array;

  constructor(table: Owners, members: Members) {
    this.table = table;
    this.#fold = table.length === 0 ? 0 : 2 ** 32 % table.length;
    this.#nodeCount = members.nodes.length;
    this.#idle = idleNodes(members, table);
  }

  index(key: Key): number {
    xxh64OfKey(key, 0, pair);
    return this.attempt(pair[0] as number, pair[1] as number, 0);
  }

  hash(key: Key): bigint {
    xxh64OfKey(key, 0, pair);
    return toBigint(pair);
  }

  indexOfHash(hash: number | bigint): number {
    readHash64(hash, pair);
    return this.attempt(pair[0] as number, pair[1] as number, 0);
  }

  /** Owner on a retry of Envoy's; attempt 0 is the first try. */
  attempt(high: number, low: number, attempt: number): number {
    const tried = attempt === 0 ? high : ~high;
    return this.table[remainder(tried, low ^ -attempt, this.table.length, this.#fold)] as number;
  }

  preference(key: Key, count: number, into: Int32Array): number {
    xxh64OfKey(key, 0, pair);
    const high = pair[0] as number;
    const low = pair[1] as number;
    const attempts = 64 + 4 * this.#nodeCount;
    met.clear(this.#nodeCount);
    let found = 0;
    for (let attempt = 0; attempt < attempts && found < count; attempt++) {
      const owner = this.attempt(high, low, attempt);
      if (met.add(owner)) into[found++] = owner;
    }
    // Retries meet the last of many nodes late; those follow in the order of the table.
    const size = this.table.length;
    let slot = remainder(high, low, size, this.#fold);
    for (let step = 0; step < size && found < count; step++) {
      const owner = this.table[slot] as number;
      if (met.add(owner)) into[found++] = owner;
      if (++slot === size) slot = 0;
    }
    return appendIdle(found, count, into, this.#idle);
  }

  /** One arc for each slot: the space is the table, for hashes of one slot do not lie together. */
  arcs(width: number): Arcs | undefined {
    if (width > 1) return undefined;
    const size = this.table.length;
    const space = { name: `xxh64 mod ${size}`, start: 0, end: Math.max(1, size) };
    if (size === 0) return { space, starts: [0], width, owners: Int32Array.of(-1) };
    return {
      space,
      starts: Uint32Array.from(this.table, (_, slot) => slot),
      width,
      owners: Int32Array.from(this.table),
    };
  }

  tables(): readonly Table[] {
    return [this.table];
  }
}

/** The algorithm `envoy-maglev`. */
export const envoyMaglev: Algorithm<EnvoyMaglevOptions, EnvoyMaglevRing> & { readonly name: 'envoy-maglev' } =
  {
    name: 'envoy-maglev',
    historyFree: true,
    order: 'by-id',

    settings({ tableSize = TABLE_SIZE_DEFAULT }) {
      return { tableSize: checkedTableSize(tableSize) };
    },

    place(members, settings) {
      return new EnvoyMaglevRing(maglevTable(members, settings['tableSize'] as number), members);
    },

    restore(members: Members, _settings: Settings, tables: readonly Table[]): EnvoyMaglevRing {
      return new EnvoyMaglevRing(tables[0] as Owners, members);
    },
  };
