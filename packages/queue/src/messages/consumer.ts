import type { WaitOptions } from '@quorate/core';
import type { Limiter } from '../work/limiter.ts';
import type { Work } from '../work/work.ts';
import type { Message } from './message.ts';

/**
 * Messages of a queue, one at a time, as they are asked for. Each is held until it is told how it ends; `concurrency` of them at most.
 * Leaving the loop closes the consumer: what was not ended goes back.
 */
export interface Consumer<Body> extends AsyncIterableIterator<Message<Body>>, AsyncDisposable {
  readonly queue: string;
  /** The next message. Done once the consumer is closed. */
  next(): Promise<IteratorResult<Message<Body>, undefined>>;
  return(): Promise<IteratorResult<Message<Body>, undefined>>;
  /** Hands nothing out any more, and waits until what was handed out has ended. */
  drain(options?: WaitOptions): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

type Asked<Body> = {
  readonly resolve: (result: IteratorResult<Message<Body>, undefined>) => void;
  readonly reject: (error: unknown) => void;
};

/** Lets as many messages start as are asked for, and hands them out. */
export class QueueConsumer<Body> implements Consumer<Body>, Limiter {
  readonly queue: string;
  readonly #work: Work;
  readonly #limiter: Limiter | undefined;
  /** Who asked, in order; the first `#startedCount` of them are being served. */
  readonly #asked: Asked<Body>[] = [];
  #startedCount = 0;
  #onAsked: (() => void) | undefined;
  #isOver = false;

  /** @param start begins the work, whose messages are given to `use`, as fast as the limiter lets them */
  constructor(
    queue: string,
    start: (use: (message: Message<Body>) => unknown, limit: (inner: Limiter | undefined) => Limiter) => Work,
  ) {
    this.queue = queue;
    let limiter: Limiter | undefined;
    this.#work = start(
      message => this.#hand(message),
      inner => {
        limiter = inner;
        return this;
      },
    );
    this.#limiter = limiter;
    this.#work.done.then(
      () => this.#end(({ resolve }) => resolve({ done: true, value: undefined })),
      thrown => this.#end(({ reject }) => reject(thrown)),
    );
  }

  async next(): Promise<IteratorResult<Message<Body>, undefined>> {
    if (this.#isOver) {
      await this.#work.done;
      return { done: true, value: undefined };
    }
    return new Promise((resolve, reject) => {
      this.#asked.push({ resolve, reject });
      this.#onAsked?.();
    });
  }

  async return(): Promise<IteratorResult<Message<Body>, undefined>> {
    await this.#work[Symbol.asyncDispose]();
    return { done: true, value: undefined };
  }

  drain(options?: WaitOptions): Promise<void> {
    return this.#work.drain(options);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#work[Symbol.asyncDispose]();
  }

  take(countMax: number): number {
    const wanted = Math.min(countMax, this.#asked.length - this.#startedCount);
    const count = this.#limiter === undefined || wanted === 0 ? wanted : this.#limiter.take(wanted);
    this.#startedCount += count;
    return count;
  }

  async wait(count: number, signal: AbortSignal): Promise<void> {
    if (this.#asked.length > this.#startedCount) {
      await this.#limiter?.wait(count, signal);
      return;
    }
    await new Promise<void>(resolve => {
      this.#onAsked = resolve;
      signal.addEventListener('abort', this.#onOver, { once: true });
    });
    signal.removeEventListener('abort', this.#onOver);
    this.#onAsked = undefined;
  }

  /** Messages that were let through did not start. */
  putBack(count: number): void {
    this.#startedCount = Math.max(0, this.#startedCount - count);
  }

  readonly #onOver = (): void => this.#onAsked?.();

  #hand(message: Message<Body>): Promise<never> {
    this.#startedCount = Math.max(0, this.#startedCount - 1);
    this.#asked.shift()?.resolve({ done: false, value: message });
    // It ends when whoever has it says so, or when the work is told to end.
    return new Promise((_, reject) => {
      message.signal.addEventListener('abort', () => reject(message.signal.reason as Error), { once: true });
    });
  }

  #end(tell: (asked: Asked<Body>) => void): void {
    this.#isOver = true;
    for (const asked of this.#asked.splice(0)) tell(asked);
  }
}
