import { park, wake } from '@quorate/threads';

/** How a thread waits for a word of shared memory to change, and wakes another that does. */
export interface Futex {
  wait(words: Int32Array, index: number, expected: number): unknown;
  wake(words: Int32Array, index: number, count: number): unknown;
}

/** Threads that wait through `@quorate/threads`, which may look at the word a number of times before they sleep. */
export function parking(spins: number): Futex {
  const options = { spins };
  return { wait: (words, index, expected) => park(words, index, expected, options), wake };
}

/** Plain `Atomics`. */
export const plainFutex: Futex = {
  wait: (words, index, expected) => Atomics.wait(words, index, expected),
  wake: (words, index, count) => Atomics.notify(words, index, count),
};

const free = 0;
const held = 1;
/** Held, and others may be waiting. */
const contended = 2;

/**
 * A lock of one word with three states, so that a thread that nobody waits for wakes nobody (Drepper, "Futexes Are Tricky",
 * 2011, section 5, "Mutex, Take 2").
 */
export class FutexMutex {
  readonly #word: Int32Array;
  readonly #futex: Futex;
  /** How often this thread went to wait, and how often it woke another. */
  waits = 0;
  wakes = 0;

  /** @param word one word of shared memory, 0 at first */
  constructor(word: Int32Array, futex: Futex) {
    this.#word = word;
    this.#futex = futex;
  }

  lock(): void {
    let seen = Atomics.compareExchange(this.#word, 0, free, held);
    if (seen === held) seen = Atomics.exchange(this.#word, 0, contended);
    while (seen !== free) {
      this.waits += 1;
      this.#futex.wait(this.#word, 0, contended);
      seen = Atomics.exchange(this.#word, 0, contended);
    }
  }

  unlock(): void {
    if (Atomics.sub(this.#word, 0, 1) === held) return;
    Atomics.store(this.#word, 0, free);
    this.wakes += 1;
    this.#futex.wake(this.#word, 0, 1);
  }
}
