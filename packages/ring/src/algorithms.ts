import { hashRing, type HashRingOptions } from './algorithms/hash-ring.ts';
import type { Algorithm } from './placement.ts';
import type { NodeSpec } from './ring-node.ts';

/** Options of the algorithms whose hashes are numbers. */
export type NumberHashOptions = HashRingOptions;

/** Options of the algorithms that hash to 64 bits: `hash` gives and `indexOfHash` takes a bigint. */
export type BigintHashOptions = never;

/** What every algorithm is built from. */
export interface MembersOptions<V = unknown> {
  /** The members; an empty list is allowed, an empty ring refuses lookups. */
  readonly nodes: readonly (string | NodeSpec<V>)[];
}

/** Options of `Ring.build`, told apart by `algorithm`; without one it is `'ring'`. */
export type RingOptions<V = unknown> = MembersOptions<V> & (NumberHashOptions | BigintHashOptions);

/** Every algorithm by name. */
export const algorithms = {
  ring: hashRing,
} as const;

/** The name of an algorithm, as the option `algorithm` and snapshots have it. */
export type AlgorithmName = keyof typeof algorithms;

/**
 * Finds an algorithm.
 *
 * @throws RangeError on a name that is not in the table.
 */
export function algorithmOf(name: string): Algorithm<object> & { readonly name: AlgorithmName } {
  if (Object.hasOwn(algorithms, name)) return algorithms[name as AlgorithmName];
  throw new RangeError(`Algorithm must be one of ${Object.keys(algorithms).join(', ')}: received "${name}"`);
}
