/**
 * What a writer's thread is doing, in the second word of memory that it shares with the thread that asks.
 *
 * A thread that is ended in the middle of a transaction never comes out of it: LMDB's binding waits for itself, and the write lock is
 * nobody's any more until the process is killed. So a process that ends waits until its writers have committed, and stops them there.
 */
const phaseIndex = 1;

const idle = 0;
const committing = 1;
const halted = 2;

/** Carries out what takes the write lock. In a process that is ending it is not begun, and this never returns. */
export function whileCommitting<Result>(bell: Int32Array, run: () => Result): Result {
  if (Atomics.compareExchange(bell, phaseIndex, idle, committing) === halted) {
    for (;;) Atomics.wait(bell, phaseIndex, halted);
  }
  try {
    return run();
  } finally {
    Atomics.store(bell, phaseIndex, idle);
    Atomics.notify(bell, phaseIndex);
  }
}

/** The writers of this thread. */
const bells = new Set<Int32Array>();

/** Has a writer stopped between two commits when this thread ends. Disposing ends that. */
export function haltAtExit(bell: Int32Array): Disposable {
  if (bells.size === 0) process.on('exit', haltAll);
  bells.add(bell);
  return {
    [Symbol.dispose]: () => {
      if (bells.delete(bell) && bells.size === 0) process.removeListener('exit', haltAll);
    },
  };
}

function haltAll(): void {
  for (const bell of bells) {
    while (Atomics.compareExchange(bell, phaseIndex, idle, halted) === committing) {
      Atomics.wait(bell, phaseIndex, committing);
    }
  }
}
