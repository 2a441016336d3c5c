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
      this.#flightCount++;
      void this.#options.flush(this.#next()).then(this.#onFlushed);
    }
  };

  readonly #onFlushed = (): void => {
    this.#flightCount--;
    // A turn later, so that those who go on because of this batch are in the next.
    if (this.#waiting.length === 0 || this.#isScheduled) return;
    this.#isScheduled = true;
    queueMicrotask(this.#flush);
  };

  #next(): readonly Item[] {
    const end = this.#end();
    if (end < this.#waiting.length) return this.#waiting.splice(0, end);
    const batch = this.#waiting;
    this.#waiting = [];
    return batch;
  }

  /** How many of those that wait go together: at least the first. */
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
