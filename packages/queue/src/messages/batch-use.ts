import { Batcher } from '../batch/batcher.ts';
import type { Message } from './message.ts';
import { RoomLimiter } from './room-limiter.ts';

interface Waiting<Body> {
  readonly message: Message<Body>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Gives messages to a handler several at a time: those that come in one turn, up to `batchMax`, and no more than `batchesMax` batches.
 * What it throws is the failure of each of them that did not end by itself before.
 */
export class BatchUse<Body> {
  /** Lets as many start as fit into the batches that may begin. */
  readonly limiter: RoomLimiter;
  readonly #batches: Batcher<Waiting<Body>>;
  readonly #handle: (messages: readonly Message<Body>[]) => unknown;
  #runningCount = 0;

  constructor(batchMax: number, batchesMax: number, handle: (messages: readonly Message<Body>[]) => unknown) {
    this.#handle = handle;
    this.limiter = new RoomLimiter(() => (batchesMax - this.#runningCount) * batchMax);
    this.#batches = new Batcher({
      countMax: batchMax,
      flightsMax: batchesMax,
      flush: batch => this.#run(batch),
    });
  }

  /** Settles when the batch that it came into was handled. */
  readonly use = (message: Message<Body>): Promise<void> =>
    new Promise((resolve, reject) => this.#batches.add({ message, resolve, reject }));

  async #run(waiting: readonly Waiting<Body>[]): Promise<void> {
    this.#runningCount++;
    this.limiter.came(waiting.length);
    const batch: Waiting<Body>[] = [];
    for (const each of waiting) {
      const { signal } = each.message;
      // It may have been lost while it waited for a batch before.
      if (signal.aborted) each.reject(signal.reason);
      else batch.push(each);
    }
    try {
      if (batch.length > 0) await this.#handle(batch.map(({ message }) => message));
      for (const { resolve } of batch) resolve();
    } catch (thrown) {
      for (const { reject } of batch) reject(thrown);
    }
    this.#runningCount--;
    this.limiter.more();
  }
}
