import { type Clock, linkSignal, type WaitOptions } from '@quorate/core';

/** Counts the bytes of what was taken and is not yet done with, so that they are bounded. */
export class ByteRoom {
  readonly #clock: Clock;
  readonly #maxBytes: number;
  /** Those who wait, each until so many bytes are taken at most. */
  readonly #waiting = new Map<() => void, number>();
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

  /** Whether there is room for one thing of so many bytes. */
  has(byteCount: number): boolean {
    return this.#bytes === 0 || this.#bytes + byteCount <= this.#maxBytes;
  }

  /** Takes room where there is some, for one thing at least, however large. Says whether it did. */
  take(byteCount: number): boolean {
    if (!this.has(byteCount)) return false;
    this.#bytes += byteCount;
    return true;
  }

  free(byteCount: number): void {
    this.#bytes -= byteCount;
    if (this.#waiting.size === 0) return;
    for (const [call, maxBytes] of this.#waiting) {
      if (this.#bytes > maxBytes) continue;
      this.#waiting.delete(call);
      call();
    }
  }

  /** Settles once at least half of it is free. */
  ready(wait: WaitOptions): Promise<void> {
    return this.#atMost(this.#maxBytes / 2, wait);
  }

  /** Settles once there was room for one thing of so many bytes: whoever else heard of it may have taken it. */
  roomFor(byteCount: number, wait: WaitOptions): Promise<void> {
    return this.#atMost(Math.max(0, this.#maxBytes - byteCount), wait);
  }

  async #atMost(maxBytes: number, wait: WaitOptions): Promise<void> {
    if (this.#bytes <= maxBytes) return;
    using linked = linkSignal(this.#clock, { ...wait, outcome: 'not-applied' });
    linked.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      this.#waiting.set(resolve, maxBytes);
      const giveUp = (): void => {
        this.#waiting.delete(resolve);
        reject(linked.signal.reason as Error);
      };
      linked.signal.addEventListener('abort', giveUp, { once: true });
    });
  }
}
