import { signedXxh32, xxh32 } from '../hash/xxh32.ts';
import type { Key } from '../key.ts';
import type { Members } from '../members.ts';
import type { Algorithm, Placement, Table } from '../placement.ts';
import { checkedHash32 } from './hash-ring.ts';
import { Rendezvous } from './rendezvous.ts';
import { checkedSeed } from './seed.ts';

/** Options of the algorithm `rendezvous`. */
export interface RendezvousOptions {
  readonly algorithm: 'rendezvous';
  /** Of the hash of keys: unsigned 32 bits, default 0. */
  readonly seed?: number | undefined;
}

/** Weighted rendezvous hashing: the fewest moves there can be and nearly no memory, for lookups that ask every node. */
export class RendezvousRing implements Placement {
  readonly #rendezvous: Rendezvous;
  readonly #seed: number;
  readonly #members: Members;

  constructor(members: Members, seed: number) {
    this.#rendezvous = new Rendezvous(members);
    this.#seed = seed;
    this.#members = members;
  }

  index(key: Key): number {
    return this.#rendezvous.owner(signedXxh32(key, this.#seed));
  }

  hash(key: Key): number {
    return xxh32(key, this.#seed);
  }

  indexOfHash(hash: number | bigint): number {
    return this.#rendezvous.owner(checkedHash32(hash));
  }

  /** Each next owner is the one the key would have if those before it left. */
  preference(key: Key, count: number, into: Int32Array): number {
    return this.#rendezvous.preference(signedXxh32(key, this.#seed), count, into);
  }

  arcs(): undefined {
    return undefined;
  }

  /** The weights' own: what the hashes give differs from it by about 2⁻¹⁶ of a share. */
  shares(): Float64Array {
    const total = this.#members.totalWeight;
    return Float64Array.from(this.#members.nodes, node => (total === 0 ? 0 : node.weight / total));
  }

  tables(): readonly Table[] {
    return [];
  }
}

/** The algorithm `rendezvous`. */
export const rendezvous: Algorithm<RendezvousOptions, RendezvousRing> & { readonly name: 'rendezvous' } = {
  name: 'rendezvous',
  historyFree: true,
  order: 'by-id',

  settings({ seed = 0 }) {
    return { seed: checkedSeed(seed) };
  },

  place(members, settings) {
    return new RendezvousRing(members, settings['seed'] as number);
  },

  restore(members, settings) {
    return this.place(members, settings);
  },
};
