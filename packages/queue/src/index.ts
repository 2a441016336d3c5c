/**
 * Messages and tasks with one stated contract on every engine of the QueueStore seam.
 *
 * @packageDocumentation
 */
export type { Delivery, DeliveryHandler, Ending, Following } from './work/ending.ts';
export type { LaneOptions } from './work/lane-choice.ts';
export type { KeptLeases, LeaseKeeper } from './work/lease-keeper.ts';
export type { Limiter } from './work/limiter.ts';
export type { RetryPolicy } from './work/retry-policy.ts';
export type { Work, WorkEvent } from './work/work.ts';
export { startWork } from './work/work-loop.ts';
export type { WorkOptions, WorkSettings } from './work/work-options.ts';
