import type { Algorithm } from '../placement.ts';
import { bucketCount, BucketRing, refuseShift } from './bucket-ring.ts';
import { jumpBackHash } from './jump-back-hash.ts';
import { checkedSeed } from './seed.ts';

/** Options of the algorithm `jumpback`. */
export interface JumpBackOptions {
  readonly algorithm: 'jumpback';
  /** Of the hash of keys, XXH64: unsigned 32 bits, default 0. `indexOfHash` takes hashes of any other kind. */
  readonly seed?: number | undefined;
}

/** JumpBackHash: jump's promises in constant time, without floating point. */
export class JumpBackRing extends BucketRing {
  protected override bucket(high: number, low: number): number {
    return jumpBackHash(high, low, this.bucketCount);
  }
}

/** The algorithm `jumpback`. */
export const jumpBack: Algorithm<JumpBackOptions, JumpBackRing> & { readonly name: 'jumpback' } = {
  name: 'jumpback',
  historyFree: false,
  order: 'as-given',

  settings({ seed = 0 }) {
    return { seed: checkedSeed(seed) };
  },

  place(members, settings) {
    return new JumpBackRing(bucketCount('jumpback', members), settings['seed'] as number);
  },

  replace(_previous, from, to, settings) {
    refuseShift('jumpback', from, to);
    return this.place(to, settings);
  },

  restore(members, settings) {
    return this.place(members, settings);
  },
};
