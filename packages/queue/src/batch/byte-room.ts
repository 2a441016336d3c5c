import { type Clock, linkSignal, type WaitOptions } from '@quorate/core';

/** Counts the bytes of what was taken and is not yet done with, so that they are bounded. */
export class ByteRoom {
  readonly #clock: Clock;
  readonly #maxBytes: number;
  readonly #whenReady = new Set<() => void>();
  #bytes = 0;

  /** @throws RangeError */
  constructor(clock: Clock, maxBytes: number) {
    if (!(maxBytes > 0)) throw new RangeError(`Bytes in flight must be above 0: received ${maxBytes}`);
    this.#clock = clock;
    this.#maxBytes = maxBytes;
  }

  /** How many are taken. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Takes room where there is some, for one thing at least, however large. Says whether it did. */
  take(byteCount: number): boolean {
    if (this.#bytes > 0 && this.#bytes + byteCount > this.#maxBytes) return false;
    this.#bytes += byteCount;
    return true;
  }

  free(byteCount: number): void {
    this.#bytes -= byteCount;
    if (this.#whenReady.size === 0 || !this.#hasHalf()) return;
    for (const call of this.#whenReady) call();
    this.#whenReady.clear();
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

  #hasHalf(): boolean {
    return this.#bytes <= this.#maxBytes / 2;
  }
}
