import { signedXxh32, xxh32 } from '../hash/xxh32.ts';
import type { Key } from '../key.ts';
import type { Members } from '../members.ts';
import type { Algorithm, Arcs, Placement, Settings, Table } from '../placement.ts';
import { distinctOwners } from '../points/distinct-owners.ts';
import type { Owners } from '../points/points.ts';
import { multiplyHigh } from './hash/uint64.ts';
import { checkedHash32 } from './hash-ring.ts';
import { appendIdle, idleNodes } from './idle-nodes.ts';
import { checkedTableSize, maglevTable, TABLE_SIZE_DEFAULT } from './maglev-table.ts';
import { checkedSeed } from './seed.ts';

/** Options of the algorithm `maglev`. */
export interface MaglevOptions {
  readonly algorithm: 'maglev';
  /** Slots of the table: a prime up to 5,000,011, default 65,537. A hundred for each node keep loads within 1 %. */
  readonly tableSize?: number | undefined;
  /** Of the hash of keys: unsigned 32 bits, default 0. */
  readonly seed?: number | undefined;
}

/**
 * Maglev hashing: the most even of the history-free maps, for one table read a lookup.
 *
 * It gives up a little stability for that: where a node leaves, some keys of the others move too (0.6 % of them at 100
 * nodes and the default size).
 */
export class MaglevRing implements Placement {
  readonly table: Owners;
  readonly #seed: number;
  readonly #nodeCount: number;
  readonly #idle: Int32Array;

  constructor(table: Owners, seed: number, members: Members) {
    this.table = table;
    this.#seed = seed;
    this.#nodeCount = members.nodes.length;
    this.#idle = idleNodes(members, table);
  }

  index(key: Key): number {
    return this.table[this.slot(signedXxh32(key, this.#seed))] as number;
  }

  hash(key: Key): number {
    return xxh32(key, this.#seed);
  }

  indexOfHash(hash: number | bigint): number {
    return this.table[this.slot(checkedHash32(hash))] as number;
  }

  /** The slot of a hash, signed or not: hash × size / 2³², so that each slot is one range of hashes; a division would cost more. */
  slot(hash: number): number {
    return multiplyHigh(hash, this.table.length);
  }

  /** The owners of the slots from the key's on. */
  preference(key: Key, count: number, into: Int32Array): number {
    const from = this.slot(signedXxh32(key, this.#seed));
    const found = distinctOwners(this.table, from, count, into, this.#nodeCount);
    return appendIdle(found, count, into, this.#idle);
  }

  arcs(width: number): Arcs {
    const size = Math.max(1, this.table.length);
    const starts = new Float64Array(size);
    const owners = new Int32Array(size * width).fill(-1);
    for (let slot = 0; slot < size; slot++) {
      starts[slot] = firstHash(slot, size);
      if (this.table.length === 0) continue;
      if (width === 1) {
        owners[slot] = this.table[slot] as number;
        continue;
      }
      const into = owners.subarray(slot * width, (slot + 1) * width);
      const found = distinctOwners(this.table, slot, width, into, this.#nodeCount);
      appendIdle(found, width, into, this.#idle);
    }
    return { space: { name: `xxh32/${this.#seed}`, start: 0, end: 2 ** 32 }, starts, width, owners };
  }

  tables(): readonly Table[] {
    return [this.table];
  }
}

/** The least hash of a slot. The quotient may be rounded, so its neighbours are asked. */
function firstHash(slot: number, size: number): number {
  let hash = Math.floor((slot * 2 ** 32) / size);
  while (hash > 0 && multiplyHigh(hash - 1, size) >= slot) hash--;
  while (multiplyHigh(hash, size) < slot) hash++;
  return hash;
}

/** The algorithm `maglev`. */
export const maglev: Algorithm<MaglevOptions, MaglevRing> & { readonly name: 'maglev' } = {
  name: 'maglev',
  historyFree: true,
  order: 'by-id',

  settings({ tableSize = TABLE_SIZE_DEFAULT, seed = 0 }) {
    return { tableSize: checkedTableSize(tableSize), seed: checkedSeed(seed) };
  },

  place(members, settings) {
    const { tableSize, seed } = settings as MaglevSettings;
    return new MaglevRing(maglevTable(members, tableSize), seed, members);
  },

  restore(members: Members, settings: Settings, tables: readonly Table[]): MaglevRing {
    return new MaglevRing(tables[0] as Owners, (settings as MaglevSettings).seed, members);
  },
};

type MaglevSettings = { readonly tableSize: number; readonly seed: number };
