import { defineStruct } from '@quorate/threads';
import { wordDelta } from './word-delta.ts';

const Word = defineStruct({ count: 'int64' }, { isolate: true });

/** A signed 64-bit number in shared memory that all threads add to. It wraps around, as `Atomics.add` does. */
export interface SharedCounter {
  /** Hand this to another thread; {@link attachSharedCounter} makes a counter of it there. */
  readonly buffer: SharedArrayBuffer;
  /** Adds, and returns the value directly after. @throws TypeError, RangeError unless an integer of 64 bits, and exact */
  add(delta: bigint | number): bigint;
  /** Adds without asking for the value. @throws as {@link SharedCounter.add} */
  post(delta: bigint | number): void;
  get(): bigint;
}

export function createSharedCounter(): SharedCounter {
  return new WordCounter(new SharedArrayBuffer(Word.size));
}

/** @throws RangeError where the buffer is no counter's */
export function attachSharedCounter(buffer: SharedArrayBuffer): SharedCounter {
  if (buffer.byteLength !== Word.size)
    throw new RangeError(`Buffer of a counter must have ${Word.size} bytes: it has ${buffer.byteLength}`);
  return new WordCounter(buffer);
}

class WordCounter implements SharedCounter {
  readonly buffer: SharedArrayBuffer;
  readonly #word: BigInt64Array;

  constructor(buffer: SharedArrayBuffer) {
    this.buffer = buffer;
    this.#word = Word.view(buffer).count;
  }

  add(delta: bigint | number): bigint {
    const exact = wordDelta(delta);
    return BigInt.asIntN(64, Atomics.add(this.#word, 0, exact) + exact);
  }

  post(delta: bigint | number): void {
    Atomics.add(this.#word, 0, wordDelta(delta));
  }

  get(): bigint {
    return Atomics.load(this.#word, 0);
  }
}
