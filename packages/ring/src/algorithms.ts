import { type EnvoyRingOptions, envoyRing } from './algorithms/envoy-hash-ring.ts';
import { envoyMaglev, type EnvoyMaglevOptions } from './algorithms/envoy-maglev-ring.ts';
import { hashRing, type HashRingOptions } from './algorithms/hash-ring.ts';
import { jumpBack, type JumpBackOptions } from './algorithms/jump-back-ring.ts';
import { jump, type JumpOptions } from './algorithms/jump-ring.ts';
import { ketama, type KetamaOptions } from './algorithms/ketama-ring.ts';
import { maglev, type MaglevOptions } from './algorithms/maglev-ring.ts';
import { multiProbe, type MultiProbeOptions } from './algorithms/multi-probe-ring.ts';
import { rendezvous, type RendezvousOptions } from './algorithms/rendezvous-ring.ts';
import { slots, type SlotsOptions } from './algorithms/slots-ring.ts';
import { tokens, type TokensOptions } from './algorithms/tokens-ring.ts';
import type { Algorithm } from './placement.ts';
import type { NodeSpec } from './ring-node.ts';

/** Options of the algorithms whose hashes are numbers. */
export type NumberHashOptions =
  | HashRingOptions
  | KetamaOptions
  | MaglevOptions
  | MultiProbeOptions
  | RendezvousOptions
  | SlotsOptions;

/** Options of the algorithms that hash to 64 bits: `hash` gives and `indexOfHash` takes a bigint. */
export type BigintHashOptions =
  | EnvoyMaglevOptions
  | EnvoyRingOptions
  | JumpBackOptions
  | JumpOptions
  | TokensOptions;

/** What every algorithm is built from. */
export interface MembersOptions<V = unknown> {
  /** The members; an empty list is allowed, an empty ring refuses lookups. */
  readonly nodes: readonly (string | NodeSpec<V>)[];
}

/** Options of `Ring.build`, told apart by `algorithm`; without one it is `'ring'`. */
export type RingOptions<V = unknown> = MembersOptions<V> & (NumberHashOptions | BigintHashOptions);

/** The name of an algorithm, as the option `algorithm` and snapshots have it. */
export type AlgorithmName = NonNullable<RingOptions['algorithm']>;

const algorithms: Readonly<Record<AlgorithmName, Algorithm<object>>> = {
  ring: hashRing,
  ketama,
  maglev,
  rendezvous,
  jump,
  jumpback: jumpBack,
  slots,
  tokens,
  'multi-probe': multiProbe,
  'envoy-ring': envoyRing,
  'envoy-maglev': envoyMaglev,
};

/** Every name. */
export const algorithmNames: readonly AlgorithmName[] = Object.freeze(
  Object.keys(algorithms) as AlgorithmName[],
);

/**
 * Finds an algorithm.
 *
 * @throws RangeError on a name that is not in the table.
 */
export function algorithmOf(name: string): Algorithm<object> {
  if (Object.hasOwn(algorithms, name)) return algorithms[name as AlgorithmName];
  throw new RangeError(`Algorithm must be one of ${algorithmNames.join(', ')}: received "${name}"`);
}
