import { type Clock, linkSignal, type WaitOptions } from '@quorate/core';
import { producerFull } from '../queue-error.ts';

/** Counts the bytes of what a topic has taken and not yet given to all, so that they are bounded. */
export class TopicRoom {
  readonly #clock: Clock;
  readonly #topic: string;
  readonly #maxBytes: number;
  readonly #whenReady = new Set<() => void>();
  #bytes = 0;

  /** @throws RangeError */
  constructor(clock: Clock, topic: string, maxBytes: number) {
    if (!(maxBytes > 0)) throw new RangeError(`Bytes in flight must be above 0: received ${maxBytes}`);
    this.#clock = clock;
    this.#topic = topic;
    this.#maxBytes = maxBytes;
  }

  /** Room for a body, until it is disposed of; for one at least, however large. @throws QuorateError `PRODUCER_FULL` */
  take(byteCount: number): Disposable {
    if (this.#bytes > 0 && this.#bytes + byteCount > this.#maxBytes)
      throw producerFull(this.#topic, this.#maxBytes);
    this.#bytes += byteCount;
    return { [Symbol.dispose]: () => this.#free(byteCount) };
  }

  /** Settles once at least half of it is free. */
  async ready(wait: WaitOptions): Promise<void> {
    if (this.#hasHalf()) return;
    using linked = linkSignal(this.#clock, { ...wait, outcome: 'not-applied' });
    linked.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      this.#whenReady.add(resolve);
      const giveUp = (): void => {
        this.#whenReady.delete(resolve);
        reject(linked.signal.reason as Error);
      };
      linked.signal.addEventListener('abort', giveUp, { once: true });
    });
  }

  #free(byteCount: number): void {
    this.#bytes -= byteCount;
    if (this.#whenReady.size === 0 || !this.#hasHalf()) return;
    for (const call of this.#whenReady) call();
    this.#whenReady.clear();
  }

  #hasHalf(): boolean {
    return this.#bytes <= this.#maxBytes / 2;
  }
}
