/** With fewer taken than this it is not worth moving anything. */
const takenMin = 64;

/** First in, first out, in a list whose taken part is cut off when it is half of it: constant time on average. */
export class Fifo<Item> {
  #items: Item[] = [];
  #start = 0;

  get size(): number {
    return this.#items.length - this.#start;
  }

  first(): Item | undefined {
    return this.#items[this.#start];
  }

  add(item: Item): void {
    this.#items.push(item);
  }

  takeFirst(): Item | undefined {
    if (this.#start === this.#items.length) return undefined;
    const item = this.#items[this.#start] as Item;
    this.#items[this.#start++] = undefined as Item;
    if (this.#start >= takenMin && this.#start * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#start);
      this.#start = 0;
    }
    return item;
  }

  /** Drops what is not to be kept. O(n). */
  keep(isKept: (item: Item) => boolean): void {
    this.#items = this.#items.slice(this.#start).filter(isKept);
    this.#start = 0;
  }
}
