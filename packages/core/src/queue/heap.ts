/** A binary heap (Williams 1964): the least first. Adding and taking cost O(log n) comparisons, looking O(1). */
export class Heap<Item> {
  readonly #isBefore: (one: Item, other: Item) => boolean;
  #items: Item[] = [];

  constructor(isBefore: (one: Item, other: Item) => boolean) {
    this.#isBefore = isBefore;
  }

  get size(): number {
    return this.#items.length;
  }

  first(): Item | undefined {
    return this.#items[0];
  }

  add(item: Item): void {
    const items = this.#items;
    let place = items.length;
    items.push(item);
    while (place > 0) {
      const above = (place - 1) >>> 1;
      const parent = items[above] as Item;
      if (!this.#isBefore(item, parent)) break;
      items[place] = parent;
      place = above;
    }
    items[place] = item;
  }

  takeFirst(): Item | undefined {
    const items = this.#items;
    const first = items[0];
    const last = items.pop();
    if (last !== undefined && items.length > 0) this.#sink(last, 0);
    return first;
  }

  /** Drops what is not to be kept. O(n). */
  keep(isKept: (item: Item) => boolean): void {
    this.#items = this.#items.filter(isKept);
    for (let place = (this.#items.length >>> 1) - 1; place >= 0; place--) {
      this.#sink(this.#items[place] as Item, place);
    }
  }

  #sink(item: Item, from: number): void {
    const items = this.#items;
    const half = items.length >>> 1;
    let place = from;
    while (place < half) {
      let below = 2 * place + 1;
      const right = below + 1;
      if (right < items.length && this.#isBefore(items[right] as Item, items[below] as Item)) below = right;
      const child = items[below] as Item;
      if (!this.#isBefore(child, item)) break;
      items[place] = child;
      place = below;
    }
    items[place] = item;
  }
}
