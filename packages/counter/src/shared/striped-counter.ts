import { defineStruct, type Column } from '@quorate/threads';
import { wordDelta } from './word-delta.ts';

const Header = defineStruct({ stripes: 'uint32', turn: 'uint32' }, { isolate: true });
const Stripe = defineStruct({ count: 'int64' }, { isolate: true });

const stripesMax = 4096;

/** How a striped counter is made. */
export interface StripedCounterOptions {
  /** As many as threads add at once, from 1 to 4,096: more threads share stripes and stay right. Default 16. */
  readonly stripes?: number;
}

/**
 * A signed 64-bit number in shared memory, spread over cache lines, so that threads that add do not slow each other down
 * (Adya 2012, as in Java's `LongAdder`). Each thread takes a stripe when it attaches, one after the other.
 */
export interface StripedCounter {
  /** Hand this to another thread; {@link attachStripedCounter} makes a counter of it there. */
  readonly buffer: SharedArrayBuffer;
  readonly stripes: number;
  /** Which of them this thread adds to. */
  readonly stripe: number;
  /** @throws TypeError, RangeError unless an integer of 64 bits, and exact */
  add(delta: bigint | number): void;
  /**
   * Sums the stripes up. No snapshot: each is read at a moment of its own. Everything that happened before is in it. Wraps around
   * at 64 bits.
   */
  get(): bigint;
}

/** @throws RangeError */
export function createStripedCounter({ stripes = 16 }: StripedCounterOptions = {}): StripedCounter {
  if (!(Number.isInteger(stripes) && stripes >= 1 && stripes <= stripesMax))
    throw new RangeError(`Stripes must be an integer from 1 to ${stripesMax}: received ${String(stripes)}`);
  const buffer = new SharedArrayBuffer(Header.size + stripes * Stripe.size);
  Header.view(buffer).stripes[0] = stripes;
  return new LongStripes(buffer, stripes);
}

/** Takes the next stripe for this thread. @throws RangeError where the buffer is no counter's */
export function attachStripedCounter(buffer: SharedArrayBuffer): StripedCounter {
  const stripes = Header.view(buffer).stripes[0] as number;
  const bytes = Header.size + stripes * Stripe.size;
  if (stripes < 1 || stripes > stripesMax || buffer.byteLength !== bytes)
    throw new RangeError(
      `Buffer of a counter with ${stripes} stripes must have ${bytes} bytes: it has ${buffer.byteLength}`,
    );
  return new LongStripes(buffer, stripes);
}

class LongStripes implements StripedCounter {
  readonly buffer: SharedArrayBuffer;
  readonly stripes: number;
  readonly stripe: number;
  readonly #column: Column<BigInt64Array>;
  readonly #own: BigInt64Array;

  constructor(buffer: SharedArrayBuffer, stripes: number) {
    this.buffer = buffer;
    this.stripes = stripes;
    this.stripe = Atomics.add(Header.view(buffer).turn, 0, 1) % stripes;
    this.#column = Stripe.column(buffer, 'count', stripes, Header.size);
    this.#own = Stripe.view(buffer, Header.size + this.stripe * Stripe.size).count;
  }

  add(delta: bigint | number): void {
    Atomics.add(this.#own, 0, wordDelta(delta));
  }

  get(): bigint {
    const { words, first, stride } = this.#column;
    let sum = 0n;
    for (let index = 0; index < this.stripes; index++) sum += Atomics.load(words, first + index * stride);
    return BigInt.asIntN(64, sum);
  }
}
