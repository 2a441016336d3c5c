import type { Algorithm } from '../placement.ts';
import { bucketCount, BucketRing, refuseShift } from './bucket-ring.ts';
import { jumpHash } from './jump-hash.ts';
import { checkedSeed } from './seed.ts';

/** Options of the algorithm `jump`. */
export interface JumpOptions {
  readonly algorithm: 'jump';
  /** Of the hash of keys, XXH64: unsigned 32 bits, default 0. `indexOfHash` takes hashes of any other kind. */
  readonly seed?: number | undefined;
}

/** Jump consistent hash: perfect balance without any memory, for numbered shards that grow and shrink at the end. */
export class JumpRing extends BucketRing {
  protected override bucket(high: number, low: number): number {
    return jumpHash(high, low, this.bucketCount);
  }
}

/** The algorithm `jump`. */
export const jump: Algorithm<JumpOptions, JumpRing> & { readonly name: 'jump' } = {
  name: 'jump',
  historyFree: false,
  order: 'as-given',

  settings({ seed = 0 }) {
    return { seed: checkedSeed(seed) };
  },

  place(members, settings) {
    return new JumpRing(bucketCount('jump', members), settings['seed'] as number);
  },

  replace(_previous, from, to, settings) {
    refuseShift('jump', from, to);
    return this.place(to, settings);
  },

  restore(members, settings) {
    return this.place(members, settings);
  },
};
