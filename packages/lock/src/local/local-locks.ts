import { type Clock, QuorateError, systemClock } from '@quorate/core';
import { acquireAll, type AllLocks } from '../all-locks.ts';
import type { Locks } from '../create-locks.ts';
import type { Election } from '../election.ts';
import type { Hold, Lockable, Mutex, ReadWriteLock, Semaphore } from '../lock.ts';
import { type LockKind, lockPartition } from '../lock-name.ts';
import type { LockTask, TaskScope } from '../lock-task.ts';
import { TaskFront } from '../task-front.ts';
import { LeaderBoard, LocalElection } from './local-election.ts';
import { LocalGate } from './local-gate.ts';
import { LocalLockable } from './local-lockable.ts';

/** Options of {@link createLocalLocks}. */
export interface LocalLocksOptions {
  /** What deadlines go by. Default: the platform's. */
  readonly clock?: Clock;
  readonly tasks?: TaskScope;
  readonly reentrant?: boolean;
}

/** With so many names, those that nobody uses are forgotten. */
const idleSweepMin = 1024;

/**
 * The same locks within one process, without a store: a queue for each name, in memory. Nothing is ever lost, so `ttlMs` and `purpose`
 * mean nothing here; fences grow over the life of this object.
 */
export function createLocalLocks(options: LocalLocksOptions = {}): Locks {
  return new LocalLocks(options);
}

class LocalLocks implements Locks {
  readonly #clock: Clock;
  readonly #front: TaskFront;
  readonly #gates = new Map<string, LocalGate>();
  readonly #boards = new Map<string, LeaderBoard>();
  #sweepAt = idleSweepMin;
  /** No gate that was forgotten had given more grants. */
  #grants = 0;
  #isClosed = false;

  constructor({ clock = systemClock, tasks, reentrant = false }: LocalLocksOptions) {
    this.#clock = clock;
    this.#front = new TaskFront('local', tasks, reentrant);
  }

  mutex(name: string): Mutex {
    return this.#make(name, 'mutex', 1, false, `mutex "${name}"`);
  }

  rw(name: string): ReadWriteLock {
    const text = `read-write lock "${name}"`;
    const read = this.#make(name, 'rw', Number.POSITIVE_INFINITY, true, text);
    return { name, read, write: this.#make(name, 'rw', Number.POSITIVE_INFINITY, false, text) };
  }

  semaphore(name: string, permits: number): Semaphore {
    if (!(Number.isInteger(permits) && permits >= 1))
      throw new RangeError(`Permits must be an integer of at least 1: received ${permits}`);
    return Object.assign(this.#make(name, 'semaphore', permits, true, `semaphore "${name}"`), { permits });
  }

  election(name: string): Election {
    const mutex = this.#make(name, 'election', 1, false, `election "${name}"`);
    return new LocalElection(name, mutex, () => this.#board(name));
  }

  all(wanted: readonly (string | Lockable<Hold>)[]): AllLocks {
    const locks = wanted.map(each => (typeof each === 'string' ? this.mutex(each) : each));
    return acquireAll(locks, this.#clock, this.#front);
  }

  task(label?: string): LockTask {
    return this.#front.make(label);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    for (const gate of this.#gates.values()) {
      gate.isDetached = true;
      gate.failAll(closed());
    }
  }

  #make(name: string, kind: LockKind, sharedMax: number, isShared: boolean, text: string): LocalLockable {
    const partition = lockPartition('local', kind, name);
    const key = kind === 'semaphore' ? `${sharedMax} ${partition}` : partition;
    const find = (): LocalGate => this.#gate(key, name, text, sharedMax);
    return new LocalLockable(name, partition, isShared, this.#front, find);
  }

  #gate(key: string, name: string, text: string, sharedMax: number): LocalGate {
    if (this.#isClosed) throw closed();
    const found = this.#gates.get(key);
    if (found !== undefined) return found;
    if (this.#gates.size >= this.#sweepAt) this.#sweep();
    const gate = new LocalGate(this.#clock, name, text, sharedMax, this.#grants);
    this.#gates.set(key, gate);
    return gate;
  }

  #board(name: string): LeaderBoard {
    const board = this.#boards.get(name) ?? new LeaderBoard();
    this.#boards.set(name, board);
    return board;
  }

  /** As many names must come again before the next time, so that it costs each of them a constant. */
  #sweep(): void {
    for (const [key, gate] of this.#gates) {
      if (!gate.isIdle) continue;
      gate.isDetached = true;
      this.#grants = Math.max(this.#grants, gate.grants);
      this.#gates.delete(key);
    }
    for (const [name, board] of this.#boards) if (board.isIdle) this.#boards.delete(name);
    this.#sweepAt = Math.max(idleSweepMin, 2 * this.#gates.size);
  }
}

function closed(): QuorateError {
  return new QuorateError('CLOSED', 'The lock manager was closed', { outcome: 'not-applied' });
}
