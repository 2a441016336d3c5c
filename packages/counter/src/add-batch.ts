import { type Delta, fits, int64Max, int64Min, plus } from './int64.ts';
import type { PendingAdd } from './pending-add.ts';

/**
 * Additions that go to the store as one.
 *
 * All were called before it is sent and none has returned, so any order of them is right: as they came, unless the value would
 * leave 64 bits on the way. Then those of one sign go first. For that to help, each sign by itself must fit 64 bits.
 */
export class AddBatch {
  readonly adds: readonly PendingAdd[];
  readonly total: Delta;
  readonly #positive: Delta;
  readonly #negative: Delta;

  constructor(adds: readonly PendingAdd[]) {
    let positive: Delta = 0;
    let negative: Delta = 0;
    for (const { delta } of adds) {
      if (delta >= 0) positive = plus(positive, delta);
      else negative = plus(negative, delta);
    }
    this.adds = adds;
    this.total = plus(positive, negative);
    this.#positive = positive;
    this.#negative = negative;
  }

  /** Whether each sign by itself fits 64 bits: else it must be sent in parts. */
  get fits(): boolean {
    return fits(this.#positive) && fits(this.#negative);
  }

  /** Tells each caller its value. @param after what the store has now */
  succeed(after: bigint): void {
    const before = after - BigInt(this.total);
    if (before + BigInt(this.#positive) > int64Max) this.#tell(this.#signFirst(-1), before);
    else if (before + BigInt(this.#negative) < int64Min) this.#tell(this.#signFirst(1), before);
    else this.#tell(this.adds, before);
  }

  fail(reason: (add: PendingAdd) => Error): void {
    for (const add of this.adds) if (!add.isSettled) add.fail(reason(add));
  }

  halves(): [AddBatch, AddBatch] {
    const middle = this.adds.length >>> 1;
    return [new AddBatch(this.adds.slice(0, middle)), new AddBatch(this.adds.slice(middle))];
  }

  #signFirst(sign: 1 | -1): readonly PendingAdd[] {
    const isFirst = ({ delta }: PendingAdd): boolean => (sign === 1 ? delta >= 0 : delta < 0);
    return [...this.adds.filter(isFirst), ...this.adds.filter(add => !isFirst(add))];
  }

  #tell(order: readonly PendingAdd[], before: bigint): void {
    let value: Delta = BigInt.asIntN(53, before) === before ? Number(before) : before;
    for (const add of order) {
      value = plus(value, add.delta);
      add.succeed(BigInt(value));
    }
  }
}
