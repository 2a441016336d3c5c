/**
 * Who is alive: SWIM with Lifeguard, phi accrual, and a service registry over any Store.
 *
 * @packageDocumentation
 */
export type { Resync } from './change-feed.ts';
export type { FailureDetector } from './failure-detector.ts';
export type { PeerBook } from './introductions.ts';
export { createMembership, type Membership, type MembershipStatus } from './membership.ts';
export type { MembershipOptions, Seed } from './membership-options.ts';
export type { MemberState } from './swim/member.ts';
export { PhiAccrual, type PhiAccrualOptions } from './phi-accrual.ts';
export type { Registration } from './registry/registration.ts';
export {
  createRegistry,
  type RegisterOptions,
  type Registry,
  type RegistryOptions,
  type ServiceSnapshot,
} from './registry/registry.ts';
export type {
  Health,
  HealthState,
  ServiceDescription,
  ServiceInstance,
} from './registry/service-instance.ts';
export { Swim } from './swim/swim.ts';
export { membershipGroup } from './swim-membership.ts';
export type { MemberChange, MemberView, OutgoingMessage, SwimEffects } from './swim/swim-effects.ts';
export { type Preset, presets, type SwimOptions, type SwimTuning, tuningOf } from './swim/swim-options.ts';
