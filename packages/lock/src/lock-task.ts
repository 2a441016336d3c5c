import type { Entry } from '@quorate/core';

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

/** Where one waits for a lock. */
export interface WaitPlace {
  readonly name: string;
  /** What it is called in messages: `mutex "a"`. */
  readonly text: string;
  /** How many of the blockers must never go for one to wait for ever. */
  readonly need: number;
  /** Those of this process who certainly must go before somebody who waits here has a turn. */
  blockers(): Iterable<OwnTask>;
}

/** A wait of a task. */
export interface TaskWait {
  readonly task: OwnTask | undefined;
  readonly place: WaitPlace;
  /** Run once it has come to its end. */
  onEnd: (() => void) | undefined;
  fail(reason: unknown): void;
}

/** A grant that a task holds. */
export interface TaskHold {
  readonly place: WaitPlace;
  /** What stands for it in a store. */
  readonly entry: Entry | undefined;
}

/** A task with what it holds and waits for. */
export class OwnTask implements LockTask {
  readonly id: string;
  readonly label: string;
  readonly holds: Set<TaskHold> = new Set();
  readonly waits: Set<TaskWait> = new Set();

  constructor(id: string, label: string) {
    this.id = id;
    this.label = label;
  }
}

/** @throws TypeError where it is no task of this package */
export function ownTask(task: LockTask | undefined): OwnTask | undefined {
  if (task === undefined || task instanceof OwnTask) return task;
  throw new TypeError(`Task must be one that locks.task() made: received ${typeof task}`);
}
