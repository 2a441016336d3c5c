/**
 * Who is alive: SWIM with Lifeguard, phi accrual, and a service registry over any Store.
 *
 * @packageDocumentation
 */
export type { FailureDetector } from './failure-detector.ts';
export type { MemberState } from './swim/member.ts';
export { Swim } from './swim/swim.ts';
export type { MemberChange, MemberView, OutgoingMessage, SwimEffects } from './swim/swim-effects.ts';
export { type Preset, presets, type SwimOptions, type SwimTuning, tuningOf } from './swim/swim-options.ts';
