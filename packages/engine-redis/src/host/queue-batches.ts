export interface QueueBatchesOptions<Item, Result> {
  /** Carries items out in one step; a result for each. */
  readonly send: (place: string, items: readonly Item[]) => Promise<readonly Result[]>;
  /** How many bytes an item takes on its way, about. */
  readonly bytesOf: (item: Item) => number;
}

interface Call<Item, Result> {
  readonly items: readonly Item[];
  readonly signal: AbortSignal | undefined;
  readonly resolve: (results: readonly Result[]) => void;
  readonly reject: (error: Error) => void;
}

interface Place<Item, Result> {
  underWay: number;
  waiting: Call<Item, Result>[];
}

/** So many batches of a place are under way at once: while the server is at one, the next is already there. */
const underWayMax = 2;

/** A batch takes in no further call once it has so many items or bytes. A call is never divided. */
const itemsMax = 256;
const bytesMax: number = 256 * 1024;

/**
 * Puts calls together that many callers make at once. One alone goes at once; what comes while the server has enough to do goes with
 * the next batch. So there is nothing to be waited for or set: the busier the server, the larger the batches.
 */
export class QueueBatches<Item, Result> {
  readonly #options: QueueBatchesOptions<Item, Result>;
  readonly #places = new Map<string, Place<Item, Result>>();

  constructor(options: QueueBatchesOptions<Item, Result>) {
    this.#options = options;
  }

  call(name: string, items: readonly Item[], signal: AbortSignal | undefined): Promise<readonly Result[]> {
    return new Promise((resolve, reject) => {
      let place = this.#places.get(name);
      if (place === undefined) this.#places.set(name, (place = { underWay: 0, waiting: [] }));
      place.waiting.push({ items, signal, resolve, reject });
      if (place.underWay < underWayMax) this.#send(name, place);
    });
  }

  #send(name: string, place: Place<Item, Result>): void {
    const calls = this.#taken(place);
    if (calls.length === 0) {
      if (place.underWay === 0) this.#places.delete(name);
      return;
    }
    const items =
      calls.length === 1 ? (calls[0] as Call<Item, Result>).items : calls.flatMap(call => call.items);
    place.underWay++;
    this.#options
      .send(name, items)
      .then(
        results => {
          let from = 0;
          for (const call of calls) call.resolve(results.slice(from, (from += call.items.length)));
        },
        (thrown: Error) => {
          for (const call of calls) call.reject(thrown);
        },
      )
      .finally(() => {
        place.underWay--;
        this.#send(name, place);
      });
  }

  /** What goes with the next batch. Of what nobody waits for any more nothing has been sent. */
  #taken({ waiting }: Place<Item, Result>): readonly Call<Item, Result>[] {
    const calls: Call<Item, Result>[] = [];
    let [count, bytes, next] = [0, 0, 0];
    for (; next < waiting.length && count < itemsMax && bytes < bytesMax; next++) {
      const call = waiting[next] as Call<Item, Result>;
      if (call.signal?.aborted === true) {
        call.reject(call.signal.reason as Error);
        continue;
      }
      count += call.items.length;
      for (const item of call.items) bytes += this.#options.bytesOf(item);
      calls.push(call);
    }
    waiting.splice(0, next);
    return calls;
  }
}
