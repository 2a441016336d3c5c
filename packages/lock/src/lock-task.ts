import type { HoldCore } from './hold-core.ts';
import type { Waiter } from './waiter.ts';

/**
 * Somebody on whose behalf locks are held and waited for: what other systems have a thread for. Made by `locks.task()`, given to
 * each acquisition, or found by what `asyncTasks()` keeps.
 */
export interface LockTask {
  /** Distinct among all managers. */
  readonly id: string;
  /** For people: it stands in the error of a deadlock. */
  readonly label: string;
}

/** What finds the task that runs now; `asyncTasks()` makes one of Node's `AsyncLocalStorage`. */
export interface TaskScope {
  current(): LockTask | undefined;
  run<Result>(task: LockTask, run: () => Result): Result;
}

/** A task with what it holds and waits for. */
export class OwnTask implements LockTask {
  readonly id: string;
  readonly label: string;
  readonly holds: Set<HoldCore> = new Set();
  readonly waits: Set<Waiter> = new Set();

  constructor(id: string, label: string) {
    this.id = id;
    this.label = label;
  }
}

/** @throws TypeError where it is no task of this package */
export function ownTask(task: LockTask | undefined): OwnTask | undefined {
  if (task === undefined || task instanceof OwnTask) return task;
  throw new TypeError(`Task must be one that locks.task() made: received ${String(task)}`);
}
