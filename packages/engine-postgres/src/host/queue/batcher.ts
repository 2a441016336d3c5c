import { unavailable } from '../../server-error.ts';

/** One call that waits to be sent with others. */
interface Call<Item, Result> {
  readonly items: readonly Item[];
  readonly bytes: number;
  readonly signal: AbortSignal | undefined;
  /** Takes it back where it is given up before it was sent. */
  readonly leave: () => void;
  readonly resolve: (results: readonly Result[]) => void;
  readonly reject: (thrown: unknown) => void;
}

export interface BatcherOptions<Item, Result> {
  /** Sends items together and gives their results in order. The signal aborts when nobody waits for any of them. */
  readonly send: (items: readonly Item[], signal: AbortSignal | undefined) => Promise<readonly Result[]>;
  /** How many bytes items take, about. */
  readonly bytesOf: (items: readonly Item[]) => number;
  /** How many batches are under way at most. */
  readonly batchesMax: number;
  /** How many items a batch has at most, but for a single call's. */
  readonly itemsMax: number;
  readonly bytesMax: number;
}

/**
 * Sends what comes at the same time together: while batches are under way calls gather, and go as one once there is room. A call is
 * never parted, so it takes effect in one transaction. One that is given up before it was sent is not sent.
 */
export class Batcher<Item, Result> {
  readonly #options: BatcherOptions<Item, Result>;
  readonly #waiting = new Set<Call<Item, Result>>();
  #batchCount = 0;
  #isComing = false;

  constructor(options: BatcherOptions<Item, Result>) {
    this.#options = options;
  }

  run(items: readonly Item[], signal: AbortSignal | undefined): Promise<readonly Result[]> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#waiting.delete(call);
        reject(unavailable('The call was given up before it was sent', false));
      };
      const call = { items, bytes: this.#options.bytesOf(items), signal, leave, resolve, reject };
      if (signal?.aborted === true) return leave();
      this.#waiting.add(call);
      signal?.addEventListener('abort', leave, { once: true });
      this.#come();
    });
  }

  /** After all that is being called for by now: a loop of sends is one batch. */
  #come(): void {
    if (this.#isComing || this.#batchCount >= this.#options.batchesMax) return;
    this.#isComing = true;
    queueMicrotask(() => {
      this.#isComing = false;
      while (this.#waiting.size > 0 && this.#batchCount < this.#options.batchesMax) this.#sendNext();
    });
  }

  #sendNext(): void {
    const calls = this.#take();
    const items = calls.flatMap(call => call.items);
    const signal = signalOfAll(calls);
    this.#batchCount++;
    this.#options
      .send(items, signal)
      .then(
        results => {
          let at = 0;
          for (const { items: own, resolve } of calls) resolve(results.slice(at, (at += own.length)));
        },
        (thrown: unknown) => {
          for (const { reject } of calls) reject(thrown);
        },
      )
      .finally(() => {
        this.#batchCount--;
        this.#come();
      });
  }

  /** The calls of the next batch, in the order in which they came. */
  #take(): Call<Item, Result>[] {
    const { itemsMax, bytesMax } = this.#options;
    const calls: Call<Item, Result>[] = [];
    let [itemCount, bytes] = [0, 0];
    for (const call of this.#waiting) {
      const isFull = itemCount + call.items.length > itemsMax || bytes + call.bytes > bytesMax;
      if (calls.length > 0 && isFull) break;
      this.#waiting.delete(call);
      call.signal?.removeEventListener('abort', call.leave);
      calls.push(call);
      itemCount += call.items.length;
      bytes += call.bytes;
    }
    return calls;
  }
}

/** Aborts when all have; nothing where one never will. */
function signalOfAll(
  calls: readonly { readonly signal: AbortSignal | undefined }[],
): AbortSignal | undefined {
  const [first] = calls;
  if (calls.length === 1) return first?.signal;
  if (calls.some(({ signal }) => signal === undefined)) return undefined;
  const controller = new AbortController();
  let left = calls.length;
  const leave = (): void => {
    if (--left === 0) controller.abort();
  };
  for (const { signal } of calls) signal?.addEventListener('abort', leave, { once: true });
  return controller.signal;
}
