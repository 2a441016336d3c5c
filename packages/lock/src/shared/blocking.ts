import { type ParkOptions, type ParkResult, park } from '@quorate/threads';

/** A task's wait in shared memory. */
export interface TaskWait {
  /** Lets others go first, keeping its number; gives away what it was told or handed. */
  withdraw(): void;
  /** Waits again, and looks. */
  restore(): void;
}

/** The waits of this thread's tasks. */
const taskWaits: Set<TaskWait> = new Set();

/** Says that a task waits, until disposed. */
export function registerTaskWait(wait: TaskWait): Disposable {
  taskWaits.add(wait);
  return { [Symbol.dispose]: () => void taskWaits.delete(wait) };
}

/**
 * Parks this thread. Its tasks cannot run meanwhile, so what they wait for must not be handed to them: a lock would stay unused
 * until this thread wakes, which may well be waiting for that very lock's next owner.
 */
export function block(words: Int32Array, index: number, expected: number, options: ParkOptions): ParkResult {
  if (taskWaits.size === 0) return park(words, index, expected, options);
  for (const wait of taskWaits) wait.withdraw();
  try {
    return park(words, index, expected, options);
  } finally {
    for (const wait of taskWaits) wait.restore();
  }
}
