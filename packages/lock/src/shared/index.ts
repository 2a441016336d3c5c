/**
 * Locks between threads, in memory that they share: mutex, read-write lock, semaphore and condition that outlive their holders.
 *
 * @packageDocumentation
 */
export type { LockPlace } from './lock-place.ts';
export type { LockReport } from './lock-report.ts';
export { McsLock } from './mcs-lock.ts';
export type { MutexHold } from './mutex-hold.ts';
export type { CreateOptions, RoomOptions } from './placing.ts';
export type { QueueHold } from './queue-hold.ts';
export type { ReadHold, WriteHold } from './read-write-holds.ts';
export type { Seat } from './seat.ts';
export { type ConditionResult, ThreadCondition } from './thread-condition.ts';
export { ThreadMutex } from './thread-mutex.ts';
export { ThreadReadWriteLock } from './thread-read-write-lock.ts';
export { type Permit, type SemaphoreOptions, ThreadSemaphore } from './thread-semaphore.ts';
export { TicketLock } from './ticket-lock.ts';
