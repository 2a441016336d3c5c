import type { QuorateError } from '@quorate/core';
import type { DeadlineBook, Due } from './deadline-book.ts';

/** A call that waits. It settles once; whatever comes later is ignored, and nothing is left behind. */
export class Wait<Value> implements Due {
  #resolve: ((value: Value) => void) | undefined;
  #reject: ((error: QuorateError) => void) | undefined;
  #book: DeadlineBook | undefined;
  #place = 0;
  #onDue: (() => void) | undefined;
  #release: (() => void) | undefined;

  constructor(resolve: (value: Value) => void, reject: (error: QuorateError) => void) {
    this.#resolve = resolve;
    this.#reject = reject;
  }

  get settled(): boolean {
    return this.#resolve === undefined;
  }

  /** Calls `onDue` at `atMs`, unless it has settled by then. Again: in place of the time before. */
  limit(book: DeadlineBook, atMs: number, onDue: () => void): void {
    if (this.settled) return;
    this.#book?.remove(this, this.#place);
    this.#book = book;
    this.#onDue = onDue;
    this.#place = book.add(this, atMs);
  }

  /** What is let go when it settles: at once where it has. */
  onSettled(release: () => void): void {
    if (this.settled) return release();
    const before = this.#release;
    this.#release =
      before === undefined
        ? release
        : () => {
            before();
            release();
          };
  }

  onDue(): void {
    this.#book = undefined;
    this.#onDue?.();
  }

  resolve(value: Value): void {
    const resolve = this.#resolve;
    if (resolve === undefined) return;
    this.#end();
    resolve(value);
  }

  reject(error: QuorateError): void {
    const reject = this.#reject;
    if (reject === undefined) return;
    this.#end();
    reject(error);
  }

  #end(): void {
    this.#resolve = undefined;
    this.#reject = undefined;
    this.#onDue = undefined;
    if (this.#book !== undefined) {
      this.#book.remove(this, this.#place);
      this.#book = undefined;
    }
    if (this.#release !== undefined) {
      this.#release();
      this.#release = undefined;
    }
  }
}
