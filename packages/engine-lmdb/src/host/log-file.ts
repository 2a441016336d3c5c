import { closeSync, fdatasync, fdatasyncSync } from 'node:fs';
import { SettledLater } from './settled-later.ts';

/** A file of the log, open to be written to and synced. Disposed of, it is closed once no sync is under way. */
export class LogFile implements Disposable {
  readonly number: number;
  readonly descriptor: number;
  /** Those who wait for a sync that has not begun. */
  #waiting: SettledLater[] = [];
  #isSyncing = false;
  #isDisposed = false;
  /** What a sync failed for: nobody knows what is on disk from then on, whatever the next one says. */
  #failure: unknown;

  constructor(number: number, descriptor: number) {
    this.number = number;
    this.descriptor = descriptor;
  }

  /** Makes durable what was written before. @throws Error of the file system */
  syncNow(): void {
    fdatasyncSync(this.descriptor);
  }

  /**
   * The same, while this thread goes on. What comes while a sync is under way has the next one in common.
   *
   * @throws Error of the file system, once and for all
   */
  sync(): Promise<void> {
    const later = new SettledLater();
    if (this.#failure !== undefined) this.#settle(later);
    else {
      this.#waiting.push(later);
      if (!this.#isSyncing) this.#begin();
    }
    return later.promise;
  }

  /** Has {@link sync} fail from now on: what another descriptor's sync failed for may not be told to this one, opened since. */
  fail(thrown: unknown): void {
    this.#failure ??= thrown;
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    if (!this.#isSyncing) closeSync(this.descriptor);
  }

  #begin(): void {
    const synced = this.#waiting;
    this.#waiting = [];
    this.#isSyncing = true;
    fdatasync(this.descriptor, failure => {
      this.#isSyncing = false;
      this.#failure ??= failure ?? undefined;
      for (const later of synced) this.#settle(later);
      if (this.#failure !== undefined) for (const later of this.#waiting.splice(0)) this.#settle(later);
      if (this.#waiting.length > 0) this.#begin();
      else if (this.#isDisposed) closeSync(this.descriptor);
    });
  }

  #settle({ resolve, reject }: SettledLater): void {
    if (this.#failure === undefined) resolve();
    else reject(this.#failure);
  }
}
