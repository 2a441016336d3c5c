/**
 * Fair, fenced locks that tell their holder in time: mutex, read-write lock, semaphore and election, between threads, processes and machines.
 *
 * @packageDocumentation
 */
export type { AllLocks } from './all-locks.ts';
export { createLocks, type Locks, type LockSettings, permitsMax } from './create-locks.ts';
export type { Election, Leader, Leadership } from './election.ts';
export type { FencedWrite } from './fencing/fenced-write.ts';
export { fencedLmdbWrite, type LmdbFences } from './fencing/lmdb.ts';
export {
  advisoryKey,
  fencedPostgresWrite,
  lockInTransaction,
  type PostgresConnection,
  type PostgresFenceOptions,
  postgresFenceTable,
  type TransactionLockOptions,
  tryLockInTransaction,
} from './fencing/postgres.ts';
export { fencedRedisWrite, type RedisCommand, type RedisEvaluator } from './fencing/redis.ts';
export { asyncTasks } from './host/async-tasks.ts';
export { type IncomingRequest, nodeListener, type OutgoingResponse } from '@quorate/core';
export {
  createLockClient,
  type LockClient,
  type LockClientOptions,
  type RemoteLock,
  type RemoteLockOptions,
  type RemoteLockResult,
} from './http/lock-client.ts';
export { createLockHandler, type LockHandler } from './http/lock-handler.ts';
export type { LockHandlerOptions } from './http/lock-handler-options.ts';
export type { ServedLock } from './http/lock-service.ts';
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
export {
  createLockManager,
  type WebLock,
  type WebLockInfo,
  type WebLockManager,
  type WebLockMode,
  type WebLockOptions,
  type WebLockSnapshot,
} from './web-locks.ts';
