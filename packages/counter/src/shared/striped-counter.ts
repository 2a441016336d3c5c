import { defineStruct, type StructView } from '@quorate/threads';
import { wordDelta } from './word-delta.ts';

const Header = defineStruct({ stripes: 'uint32', turn: 'uint32' }, { isolate: true });

/**
 * A stripe's number is the sum of two words: steps go into the low one, of 32 bits, since processors and engines add those
 * fastest, and it is carried into the high one, of 64 bits, long before it could overflow.
 */
const Stripe = defineStruct(
  { low: 'int32', begun: 'int32', ended: 'int32', high: 'int64' },
  { isolate: true },
);

/** From here on the low word is carried: a thousand threads may each make one more step before one of them has done it. */
const carryFrom = 2 ** 30;

/** Steps of up to 20 bits and a sign go into the low word. */
const spareBits = 11;

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
  return new Stripes(buffer, stripes);
}

/** Takes the next stripe for this thread. @throws RangeError where the buffer is no counter's */
export function attachStripedCounter(buffer: SharedArrayBuffer): StripedCounter {
  const stripes = Header.view(buffer).stripes[0] as number;
  const bytes = Header.size + stripes * Stripe.size;
  if (stripes < 1 || stripes > stripesMax || buffer.byteLength !== bytes)
    throw new RangeError(
      `Buffer of a counter with ${stripes} stripes must have ${bytes} bytes: it has ${buffer.byteLength}`,
    );
  return new Stripes(buffer, stripes);
}

class Stripes implements StripedCounter {
  readonly buffer: SharedArrayBuffer;
  readonly stripes: number;
  readonly stripe: number;
  readonly #all: readonly StructView<typeof Stripe>[];
  readonly #own: StructView<typeof Stripe>;
  readonly #low: Int32Array;

  constructor(buffer: SharedArrayBuffer, stripes: number) {
    this.buffer = buffer;
    this.stripes = stripes;
    this.stripe = Atomics.add(Header.view(buffer).turn, 0, 1) % stripes;
    this.#all = Array.from({ length: stripes }, (_, index) =>
      Stripe.view(buffer, Header.size + index * Stripe.size),
    );
    this.#own = this.#all[this.stripe] as StructView<typeof Stripe>;
    this.#low = this.#own.low;
  }

  add(delta: bigint | number): void {
    if (typeof delta !== 'number' || (delta << spareBits) >> spareBits !== delta) {
      Atomics.add(this.#own.high, 0, wordDelta(delta));
      return;
    }
    const low = Atomics.add(this.#low, 0, delta) + delta;
    if (low >= carryFrom || low <= -carryFrom) this.#carry();
  }

  get(): bigint {
    let sum = 0n;
    for (const stripe of this.#all) sum += valueOf(stripe);
    return BigInt.asIntN(64, sum);
  }

  /** Whoever finds the low word large enough carries it over, all of it that is there by then. */
  #carry(): void {
    const { low, high, begun, ended } = this.#own;
    Atomics.add(begun, 0, 1);
    Atomics.add(high, 0, BigInt(Atomics.exchange(low, 0, 0)));
    Atomics.add(ended, 0, 1);
  }
}

/** Reads both words while nothing is carried from one to the other, which is done within nanoseconds and once in 2^30 steps. */
function valueOf({ low, high, begun, ended }: StructView<typeof Stripe>): bigint {
  for (;;) {
    const carries = Atomics.load(begun, 0);
    if (Atomics.load(ended, 0) !== carries) continue;
    const value = Atomics.load(high, 0) + BigInt(Atomics.load(low, 0));
    if (Atomics.load(begun, 0) === carries) return value;
  }
}
