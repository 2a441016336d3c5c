/**
 * Consistent hashing: immutable rings in one interface, ten algorithms behind it.
 *
 * @packageDocumentation
 */
export { Ring } from './ring.ts';
export type { AlgorithmName, MembersOptions, RingOptions } from './algorithms.ts';
export type { HashRingOptions } from './algorithms/hash-ring.ts';
export type { Key } from './key.ts';
export type { RingChange } from './members.ts';
export type { PickOptions } from './pick.ts';
export type { NodeSpec, RingNode } from './ring-node.ts';
export type { RingSnapshot } from './snapshot.ts';
