import type { WaitOptions } from '@quorate/core';
import type { LockTask } from './lock-task.ts';

/**
 * What a lock is for (Kleppmann, "How to do distributed locking", 2016). `efficiency`: work is not done twice, and nothing breaks
 * if it is. `correctness`: something breaks, so the store must keep it, and the resource must check the fence.
 */
export type Purpose = 'efficiency' | 'correctness';

/** How to acquire. The wait is given up by `signal` or `deadlineMs`, and leaves nothing behind. */
export interface AcquireOptions extends WaitOptions {
  /** How long the lock outlives a holder that died. Default: the manager's. Each value in use has a session of its own. */
  readonly ttlMs?: number;
  /** Default: the manager's. */
  readonly purpose?: Purpose;
  /** On whose behalf: what deadlocks are found by, and what re-entrancy goes by. Default: the current one, if there is any. */
  readonly task?: LockTask;
}

/**
 * Something that is held. Disposing releases it; unlike {@link release} it says nothing where the lock was lost before.
 */
export interface Hold extends AsyncDisposable {
  readonly name: string;
  /**
   * Aborts with `LOCK_LOST` before the store may give the lock to somebody else; after a pause of the process within one turn of
   * the event loop. It does not abort when the lock is released.
   */
  readonly signal: AbortSignal;
  /** How long it is held for certain, unless it is renewed, which happens by itself; 0 once lost or released. */
  remainingMs(): number;
  /**
   * Costs two readings of the clock. Between it and whatever follows the process can be stopped: only the fence closes that gap.
   *
   * @throws QuorateError `LOCK_LOST`; `NOT_OWNER` once released
   */
  assertHeld(): void;
  /**
   * Lets go. Repeated it does nothing. With an unreachable store it settles when the lock has run out by itself, at the latest.
   *
   * @throws QuorateError `NOT_OWNER` where the lock had been lost
   */
  release(): Promise<void>;
}

/** Something that one holder has for itself alone. */
export interface Lock extends Hold {
  /**
   * Grows with each grant of this name: a resource that remembers the highest it has seen, and refuses less, is never changed by
   * a former holder. The creation revision of the queue's entry × 1,024 + the number of the hand-off within the process.
   * Fits a signed 64-bit integer.
   */
  readonly fence: bigint;
}

/** One of many that read. */
export interface ReadLock extends Hold {
  /**
   * Waits for the other readers to go, ahead of everybody who comes later. Releasing the result leads back to the read lock.
   *
   * @returns undefined where a writer or another upgrade was first, which waits for this read lock: release it, and write then
   */
  upgrade(options?: WaitOptions): Promise<Lock | undefined>;
}

/** What can be held, by three verbs. */
export interface Lockable<Held extends Hold> {
  readonly name: string;
  /**
   * Waits in line.
   *
   * @throws QuorateError `ABORTED`, `DEADLINE_EXCEEDED`, `DEADLOCK`, `UNAVAILABLE`, `CLOSED`, `UNSUPPORTED`; nothing is held then
   */
  acquire(options?: AcquireOptions): Promise<Held>;
  /** Does not wait for others: undefined where it is held, or somebody is in line, or is just leaving it. */
  tryAcquire(options?: AcquireOptions): Promise<Held | undefined>;
  /**
   * Holds it while `use` runs, and releases it then. `use` should give up as soon as the signal of what is held aborts.
   *
   * @throws QuorateError `LOCK_LOST` once `use` has settled, however it did, where the lock was lost meanwhile
   */
  run<Result>(use: (held: Held) => Result | PromiseLike<Result>): Promise<Result>;
  run<Result>(options: AcquireOptions, use: (held: Held) => Result | PromiseLike<Result>): Promise<Result>;
}

/** One holder at a time. */
export type Mutex = Lockable<Lock>;

/** At most so many holders at a time. All who use a name must give it the same number. */
export interface Semaphore extends Lockable<Hold> {
  readonly permits: number;
}

/** Many that read, or one that writes, in the order of their coming. */
export interface ReadWriteLock {
  readonly name: string;
  readonly read: Lockable<ReadLock>;
  readonly write: Lockable<Lock>;
}

/** Several locks that are held together. */
export interface Holds extends Hold {
  /** In the order in which they were asked for. */
  readonly holds: readonly Hold[];
}
