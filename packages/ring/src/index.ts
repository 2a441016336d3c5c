/**
 * Consistent hashing: immutable rings, eleven algorithms behind one interface.
 *
 * @packageDocumentation
 */
export { accelerate } from './accelerate.ts';
export { Ring } from './ring.ts';
export { algorithmNames } from './algorithms.ts';
export type { AlgorithmName, MembersOptions, RingOptions } from './algorithms.ts';
export type { EnvoyRingOptions } from './algorithms/envoy-hash-ring.ts';
export type { EnvoyMaglevOptions } from './algorithms/envoy-maglev-ring.ts';
export type { HashRingOptions } from './algorithms/hash-ring.ts';
export type { JumpBackOptions } from './algorithms/jump-back-ring.ts';
export { jumpHash } from './algorithms/jump-hash.ts';
export type { JumpOptions } from './algorithms/jump-ring.ts';
export type { KetamaVariant } from './algorithms/ketama.ts';
export type { KetamaOptions } from './algorithms/ketama-ring.ts';
export type { MaglevOptions } from './algorithms/maglev-ring.ts';
export type { MultiProbeOptions } from './algorithms/multi-probe-ring.ts';
export type { RendezvousOptions } from './algorithms/rendezvous-ring.ts';
export type { SlotRange } from './algorithms/slot-assignment.ts';
export type { SlotsOptions } from './algorithms/slots-ring.ts';
export type { TokensOptions } from './algorithms/tokens-ring.ts';
export { redisSlot } from './algorithms/hash/crc16-slot.ts';
export { type BoundedOptions, BoundedRing, type Lease } from './bounded-ring.ts';
export type { DiffOptions, MovedRange, RingDiff } from './diff.ts';
export type { Key } from './key.ts';
export type { RingChange } from './members.ts';
export type { PickOptions } from './pick.ts';
export type { NodeSpec, RingNode } from './ring-node.ts';
export { RingRef, type RingRefHandle, type RingRefOptions } from './ring-ref.ts';
export type { RingSnapshot, SnapshotDraft } from './snapshot.ts';
