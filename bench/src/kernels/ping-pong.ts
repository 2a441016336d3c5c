import { defineStruct, park, wake } from '@quorate/threads';

/** Two counters in shared memory, each written by one thread alone and on a cache line of its own. */
export const pingPong = defineStruct([{ ping: 'int32' }, { pong: 'int32' }]);

/** How the thread that answers is started. */
export interface PingPongOrder {
  readonly memory: SharedArrayBuffer;
  /** Looks at the word this often before it sleeps; undefined: plain `Atomics.wait`. */
  readonly spins: number | undefined;
}

/** Waits until the word is no longer `seen`, and gives what it is then. */
export type WaitForChange = (words: Int32Array, seen: number) => number;

export function waiting(spins: number | undefined): WaitForChange {
  return spins === undefined ? waitPlainly : (words, seen) => waitParked(words, seen, spins);
}

function waitPlainly(words: Int32Array, seen: number): number {
  while (Atomics.load(words, 0) === seen) Atomics.wait(words, 0, seen);
  return Atomics.load(words, 0);
}

function waitParked(words: Int32Array, seen: number, spins: number): number {
  while (Atomics.load(words, 0) === seen) park(words, 0, seen, { spins });
  return Atomics.load(words, 0);
}

/** Writes the word, then wakes whoever waits for it. */
export function say(words: Int32Array, value: number): void {
  Atomics.store(words, 0, value);
  wake(words, 0, 1);
}
