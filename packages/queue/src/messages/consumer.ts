import type { WaitOptions } from '@quorate/core';
import type { Limiter } from '../working/limiter.ts';
import type { Work } from '../working/work.ts';
import type { Message } from './message.ts';
import { RoomLimiter } from './room-limiter.ts';

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
export class QueueConsumer<Body> implements Consumer<Body> {
  readonly queue: string;
  readonly #work: Work;
  /** Who asked, in order. */
  readonly #asked: Asked<Body>[] = [];
  readonly #limiter = new RoomLimiter(() => this.#asked.length);
  #isOver = false;

  /** @param start begins the work, whose messages are given to `use`, as fast as the limiter lets them */
  constructor(
    queue: string,
    start: (use: (message: Message<Body>) => unknown, limit: (inner: Limiter | undefined) => Limiter) => Work,
  ) {
    this.queue = queue;
    this.#work = start(
      message => this.#hand(message),
      inner => this.#limiter.within(inner),
    );
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
      this.#limiter.more();
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

  #hand(message: Message<Body>): Promise<never> {
    this.#limiter.came(1);
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
