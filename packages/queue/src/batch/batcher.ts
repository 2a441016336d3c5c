/** What goes out of a {@link Batcher}. */
export interface BatchOptions<Item> {
  readonly countMax: number;
  /** Default: each counts one. */
  readonly countOf?: (item: Item) => number;
  /** Default: no bound. A single item may be larger. */
  readonly bytesMax?: number;
  /** Batches under way at a time. */
  readonly flightsMax: number;
  readonly bytesOf?: (item: Item) => number;
  /** With more than one flight: what may go beside another, so that one is carried out while the other is on its way. Default: all. */
  readonly beside?: {
    /** Fewer wait for what is under way; from twice as many on, a batch goes in halves. */
    readonly countMin: number;
    /** Whether an item may neither overtake nor be overtaken. */
    readonly isOrdered: (item: Item) => boolean;
  };
  /** Carries a batch out. It must not reject. */
  readonly flush: (batch: readonly Item[]) => Promise<void>;
}

/**
 * Makes batches of what comes in the same turn, and of what comes while as many batches as may be are under way: so a batch is as
 * large as the store is slow, and nobody waits for a timer.
 */
export class Batcher<Item> {
  readonly #options: BatchOptions<Item>;
  #waiting: Item[] = [];
  #flightCount = 0;
  /** Flights with items that must not be overtaken. */
  #orderedCount = 0;
  #isScheduled = false;

  constructor(options: BatchOptions<Item>) {
    this.#options = options;
  }

  add(item: Item): void {
    this.#waiting.push(item);
    if (this.#isScheduled || this.#flightCount >= this.#options.flightsMax) return;
    this.#isScheduled = true;
    queueMicrotask(this.#flush);
  }

  /** Drops what waits and is not to be kept. */
  keep(isKept: (item: Item) => boolean): void {
    this.#waiting = this.#waiting.filter(isKept);
  }

  readonly #flush = (): void => {
    this.#isScheduled = false;
    while (this.#waiting.length > 0 && this.#flightCount < this.#options.flightsMax) {
      const batch = this.#next();
      if (batch.length === 0) return;
      const isOrdered = this.#freeCount(batch, batch.length) < batch.length;
      this.#flightCount++;
      if (isOrdered) this.#orderedCount++;
      void this.#options.flush(batch).then(() => this.#onFlushed(isOrdered));
    }
  };

  #onFlushed(isOrdered: boolean): void {
    this.#flightCount--;
    if (isOrdered) this.#orderedCount--;
    // A turn later, so that those who go on because of this batch are in the next.
    if (this.#waiting.length === 0 || this.#isScheduled) return;
    this.#isScheduled = true;
    queueMicrotask(this.#flush);
  }

  /** None where the next has to wait for what is under way. */
  #next(): readonly Item[] {
    const end = this.#mayGo() ? this.#besideOthers(this.#end()) : 0;
    if (end === 0) return [];
    if (end < this.#waiting.length) return this.#waiting.splice(0, end);
    const batch = this.#waiting;
    this.#waiting = [];
    return batch;
  }

  /** Whether enough of what waits may go beside what is under way. It looks at no more, as it does so whenever something comes. */
  #mayGo(): boolean {
    const { beside } = this.#options;
    if (beside === undefined || this.#flightCount === 0) return true;
    return this.#orderedCount === 0 && this.#freeCount(this.#waiting, beside.countMin) === beside.countMin;
  }

  /** How many of so many that could go together go now. */
  #besideOthers(end: number): number {
    const { beside, flightsMax } = this.#options;
    if (beside === undefined || flightsMax === 1) return end;
    const freeCount = this.#freeCount(this.#waiting, end);
    if (this.#flightCount === 0)
      return freeCount === end && end >= 2 * beside.countMin ? Math.ceil(end / 2) : end;
    return freeCount >= beside.countMin ? freeCount : 0;
  }

  /** How many of the first so many come before one that is ordered. */
  #freeCount(items: readonly Item[], end: number): number {
    const { beside, flightsMax } = this.#options;
    if (beside === undefined || flightsMax === 1) return end;
    const countMax = Math.min(end, items.length);
    let count = 0;
    while (count < countMax && !beside.isOrdered(items[count] as Item)) count++;
    return count;
  }

  /** How many of those that wait could go together: at least the first. */
  #end(): number {
    const { countMax, countOf, bytesMax = Number.POSITIVE_INFINITY, bytesOf } = this.#options;
    if (countOf === undefined && bytesOf === undefined) return Math.min(this.#waiting.length, countMax);
    let count = 0;
    let bytes = 0;
    for (let index = 0; index < this.#waiting.length; index++) {
      const item = this.#waiting[index] as Item;
      count += countOf?.(item) ?? 1;
      bytes += bytesOf?.(item) ?? 0;
      if (index > 0 && (count > countMax || bytes > bytesMax)) return index;
    }
    return this.#waiting.length;
  }
}
