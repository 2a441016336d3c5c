import { Fifo } from './fifo.ts';
import { Heap } from './heap.ts';

/**
 * The least first, of what nearly always comes in order: that stands in a list, where it costs nothing to find its place, and the rest
 * in a heap beside it. Adding and taking cost O(1) for what comes in order and O(log n) for the rest, looking O(1).
 */
export class MostlyOrdered<Item> {
  readonly #isBefore: (one: Item, other: Item) => boolean;
  readonly #inOrder = new Fifo<Item>();
  readonly #others: Heap<Item>;
  #lastInOrder: Item | undefined;

  constructor(isBefore: (one: Item, other: Item) => boolean) {
    this.#isBefore = isBefore;
    this.#others = new Heap(isBefore);
  }

  get size(): number {
    return this.#inOrder.size + this.#others.size;
  }

  /** @param isLate whether what comes next is likely to go before it, so that it would keep the list from growing */
  add(item: Item, isLate = false): void {
    const last = this.#inOrder.size === 0 ? undefined : this.#lastInOrder;
    if (isLate || (last !== undefined && this.#isBefore(item, last))) {
      this.#others.add(item);
      return;
    }
    this.#inOrder.add(item);
    this.#lastInOrder = item;
  }

  first(): Item | undefined {
    const one = this.#inOrder.first();
    if (this.#others.size === 0) return one;
    const other = this.#others.first() as Item;
    return one === undefined || this.#isBefore(other, one) ? other : one;
  }

  takeFirst(): Item | undefined {
    const first = this.first();
    if (first === undefined) return undefined;
    return first === this.#inOrder.first() ? this.#inOrder.takeFirst() : this.#others.takeFirst();
  }

  /** Drops what is not to be kept. O(n). */
  keep(isKept: (item: Item) => boolean): void {
    this.#inOrder.keep(isKept);
    this.#others.keep(isKept);
    if (this.#inOrder.size === 0) this.#lastInOrder = undefined;
  }
}
