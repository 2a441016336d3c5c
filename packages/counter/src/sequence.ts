import { boundedWait, type Clock, errorCode, QuorateError, type WaitOptions } from '@quorate/core';
import type { NumberPort } from './store-counter.ts';

/** What one sequence is like, for this process alone. */
export interface SequenceSettings {
  /** How many numbers are taken from the store at a time, from 1 to 2^32: what a crash leaves out at most, twice. Default 1,000. */
  readonly block?: number;
}

/**
 * Numbers from 1 that everybody on a store takes from, each given out once.
 *
 * Numbers are taken in blocks, so they grow within a block alone; and those of a block whose owner ends, or of which nobody
 * knows whether it was taken, are never given out.
 */
export interface Sequence {
  readonly name: string;
  readonly block: number;

  /**
   * The next number.
   *
   * @throws QuorateError `SEQUENCE_EXHAUSTED` beyond 2^63 - 1; `ABORTED`, `DEADLINE_EXCEEDED`, `UNAVAILABLE`, `CLOSED`: none was taken
   */
  next(options?: WaitOptions): Promise<bigint>;

  /** The same, as a number. @throws QuorateError `SEQUENCE_EXHAUSTED` beyond 2^53 - 1 */
  nextNumber(options?: WaitOptions): Promise<number>;

  /** The next number of the block at hand, or nothing where {@link next} would have to wait. */
  tryNext(): bigint | undefined;
}

/** Numbers that are ours, from `next` to `last`. */
interface Block {
  next: bigint;
  readonly last: bigint;
}

/** Once so little of a block is left, the next one is taken, so that nobody has to wait for it. */
const prefetchShare = 4n;

/** How often a block of which nobody can tell is left out before the caller hears of it. */
const unknownMax = 8;

export class BlockSequence implements Sequence {
  readonly name: string;
  readonly block: number;
  readonly #port: NumberPort;
  readonly #clock: Clock;
  readonly #low: bigint;
  #current: Block | undefined;
  #ahead: Block | undefined;
  #claiming: Promise<void> | undefined;

  constructor(name: string, port: NumberPort, clock: Clock, { block = 1000 }: SequenceSettings) {
    if (!(Number.isInteger(block) && block >= 1 && block <= 2 ** 32))
      throw new RangeError(`Block must be an integer from 1 to ${2 ** 32}: received ${String(block)}`);
    this.name = name;
    this.block = block;
    this.#port = port;
    this.#clock = clock;
    this.#low = BigInt(block) / prefetchShare;
  }

  tryNext(): bigint | undefined {
    const current = this.#block();
    if (current === undefined) return undefined;
    const value = current.next++;
    if (current.last - value <= this.#low && this.#ahead === undefined && this.#claiming === undefined)
      // Whoever finds no block hears of what went wrong.
      this.#claim().catch(() => {});
    return value;
  }

  async next(options: WaitOptions = {}): Promise<bigint> {
    for (;;) {
      const value = this.tryNext();
      if (value !== undefined) return value;
      await boundedWait(this.#clock, options, 'not-applied', () => this.#claim());
    }
  }

  async nextNumber(options: WaitOptions = {}): Promise<number> {
    const value = Number(await this.next(options));
    if (!Number.isSafeInteger(value)) throw exhausted(this.name, '2^53 - 1');
    return value;
  }

  #block(): Block | undefined {
    if (this.#current === undefined || this.#current.next > this.#current.last) {
      this.#current = this.#ahead;
      this.#ahead = undefined;
    }
    return this.#current;
  }

  /** Takes one block; whoever else needs one meanwhile waits for the same. */
  #claim(): Promise<void> {
    this.#claiming ??= this.#take().finally(() => {
      this.#claiming = undefined;
    });
    return this.#claiming;
  }

  async #take(): Promise<void> {
    for (let unknown = 0; ; unknown++) {
      try {
        const { value } = await this.#port.adder().add(this.block);
        this.#ahead = { next: value - BigInt(this.block) + 1n, last: value };
        return;
      } catch (thrown) {
        if (thrown instanceof RangeError) throw exhausted(this.name, '2^63 - 1', thrown);
        // It may have been taken: then its numbers are left out.
        if (errorCode(thrown) !== 'ADD_UNKNOWN') throw thrown;
        if (unknown >= unknownMax)
          throw new QuorateError('UNAVAILABLE', `Sequence "${this.name}" gets no block that is certain`, {
            outcome: 'not-applied',
            retryable: true,
            cause: thrown,
          });
      }
    }
  }
}

function exhausted(name: string, limit: string, cause?: unknown): QuorateError {
  return new QuorateError('SEQUENCE_EXHAUSTED', `Sequence "${name}" has no more numbers up to ${limit}`, {
    outcome: 'not-applied',
    cause,
  });
}
