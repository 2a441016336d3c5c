import type { Counts } from './job.ts';

/** What a thread found in one window of its group. Times are of the machine's monotonic clock, comparable across threads. */
export interface ThreadWindow {
  readonly thread: number;
  readonly ops: number;
  readonly startNs: number;
  readonly endNs: number;
  readonly cpuNs: number;
  /** What the kernel counted meanwhile; not yet per operation. */
  readonly counted?: Counts;
}

const slots = { arrived: 0, warm: 1, done: 2 } as const;

/** How long a thread waits for the rest of its group before it says that they are missing. */
export const arrivalDeadlineMs: number = 30_000;

/** The shared memory of one window's {@link ThreadGroup}. */
export function threadGroupMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(Object.keys(slots).length * Int32Array.BYTES_PER_ELEMENT);
}

/**
 * Makes the threads of a group measure at the same time.
 *
 * All threads wait until the last has arrived; then each runs work that is not counted until all run it, so that nobody
 * measures while others are still starting; and each goes on with such work until all have measured, so that nobody
 * measures on a machine that the others have already left (JMH's synchronised iterations).
 */
export class ThreadGroup {
  readonly size: number;
  readonly #state: Int32Array;

  constructor(memory: SharedArrayBuffer, size: number) {
    this.size = size;
    this.#state = new Int32Array(memory);
  }

  /** Blocks until all have arrived. @throws Error when they have not within 30 s */
  arrive(): void {
    const state = this.#state;
    if (Atomics.add(state, slots.arrived, 1) + 1 === this.size) {
      Atomics.notify(state, slots.arrived);
      return;
    }
    for (
      let seen = Atomics.load(state, slots.arrived);
      seen < this.size;
      seen = Atomics.load(state, slots.arrived)
    ) {
      if (Atomics.wait(state, slots.arrived, seen, arrivalDeadlineMs) === 'timed-out') {
        throw new Error(
          `Thread group of ${this.size} must arrive within ${arrivalDeadlineMs} ms: ${seen} did`,
        );
      }
    }
  }

  /** Runs `bogus` at least once, and until all threads of the group have. */
  rampUp(bogus: () => void): void {
    bogus();
    this.#meet(slots.warm, bogus);
  }

  /** Runs `bogus` until all threads of the group have finished measuring. */
  rampDown(bogus: () => void): void {
    this.#meet(slots.done, bogus);
  }

  #meet(slot: number, bogus: () => void): void {
    Atomics.add(this.#state, slot, 1);
    while (Atomics.load(this.#state, slot) < this.size) bogus();
  }
}

/**
 * The share of the longest thread's window in which all threads were measuring; 1 for a single thread.
 *
 * It is what a fixed amount of work per thread makes honest: a thread that was off its core takes longer than the others
 * and the share falls.
 */
export function overlapOf(windows: readonly { readonly startNs: number; readonly endNs: number }[]): number {
  const common = Math.min(...windows.map(w => w.endNs)) - Math.max(...windows.map(w => w.startNs));
  const longest = Math.max(...windows.map(w => w.endNs - w.startNs));
  return longest > 0 ? Math.max(0, common / longest) : 0;
}
