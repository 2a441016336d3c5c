/**
 * Fair, fenced locks that tell their holder in time: mutex, read-write lock, semaphore and election, between threads, processes and machines.
 *
 * @packageDocumentation
 */
export type { AllLocks } from './all-locks.ts';
export { createLocks, type Locks, type LockSettings, permitsMax } from './create-locks.ts';
export type { Election, Leader, Leadership } from './election.ts';
export { asyncTasks } from './host/async-tasks.ts';
export type {
  AcquireOptions,
  Hold,
  Holds,
  Lock,
  Lockable,
  Mutex,
  Purpose,
  ReadLock,
  ReadWriteLock,
  Semaphore,
} from './lock.ts';
export { lockNameMaxBytes } from './lock-name.ts';
export { createLocalLocks, type LocalLocksOptions } from './local/local-locks.ts';
export type { LocksOptions } from './lock-options.ts';
export type { LockTask, TaskScope } from './lock-task.ts';
