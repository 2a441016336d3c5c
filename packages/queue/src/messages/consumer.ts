import { boundedWait, type Clock, linkSignal, type WaitOptions } from '@quorate/core';
import { notHandled } from '../working/ending-policy.ts';
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
  /**
   * The next message. Done once the consumer is closed. What comes for a call that was given up meanwhile is held for the next one, as
   * what is prefetched is.
   *
   * @throws QuorateError `ABORTED`, `DEADLINE_EXCEEDED`: nothing was handed out
   */
  next(options?: WaitOptions): Promise<IteratorResult<Message<Body>, undefined>>;
  return(): Promise<IteratorResult<Message<Body>, undefined>>;
  /** Hands nothing out any more, and waits until what was handed out has ended. */
  drain(options?: WaitOptions): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

type Asked<Body> = {
  readonly resolve: (result: IteratorResult<Message<Body>, undefined>) => void;
  readonly reject: (error: unknown) => void;
};

const unlimited: WaitOptions = Object.freeze({});

/** A message that came for a call which had been given up. */
interface Kept<Body> {
  readonly message: Message<Body>;
  readonly giveBack: () => void;
}

/** Lets as many messages start as are asked for, and hands them out. */
export class QueueConsumer<Body> implements Consumer<Body> {
  readonly queue: string;
  readonly #clock: Clock;
  readonly #work: Work;
  /** Who asked, in order. */
  readonly #asked: Asked<Body>[] = [];
  /** What nobody asks for any more, in order. */
  readonly #kept: Kept<Body>[] = [];
  readonly #limiter = new RoomLimiter(() => this.#asked.length);
  #isDraining = false;
  #isOver = false;

  /** @param start begins the work, whose messages are given to `use`, as fast as the limiter lets them */
  constructor(
    clock: Clock,
    queue: string,
    start: (use: (message: Message<Body>) => unknown, limit: (inner: Limiter | undefined) => Limiter) => Work,
  ) {
    this.queue = queue;
    this.#clock = clock;
    this.#work = start(
      message => this.#hand(message),
      inner => this.#limiter.within(inner),
    );
    this.#work.done.then(
      () => this.#end(({ resolve }) => resolve({ done: true, value: undefined })),
      thrown => this.#end(({ reject }) => reject(thrown)),
    );
  }

  async next(options: WaitOptions = unlimited): Promise<IteratorResult<Message<Body>, undefined>> {
    if (this.#isOver) {
      await boundedWait(this.#clock, options, 'not-applied', () => this.#work.done);
      return { done: true, value: undefined };
    }
    // The loop of nearly everybody needs nothing that can end a wait.
    if (options === unlimited) return this.#ask();
    using limit = linkSignal(this.#clock, { ...options, outcome: 'not-applied' });
    limit.throwIfAborted();
    return await this.#ask(limit.signal);
  }

  async return(): Promise<IteratorResult<Message<Body>, undefined>> {
    await this.#work[Symbol.asyncDispose]();
    return { done: true, value: undefined };
  }

  drain(options?: WaitOptions): Promise<void> {
    this.#isDraining = true;
    for (const { giveBack } of this.#kept.splice(0)) giveBack();
    return this.#work.drain(options);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#work[Symbol.asyncDispose]();
  }

  /** A message is never handed to a call that has been given up: that takes what it asked for out of the row at once. */
  #ask(signal?: AbortSignal): Promise<IteratorResult<Message<Body>, undefined>> {
    const kept = this.#kept.shift();
    if (kept !== undefined) return Promise.resolve({ done: false, value: kept.message });
    return new Promise((resolve, reject) => {
      const asked: Asked<Body> = { resolve, reject };
      this.#asked.push(asked);
      signal?.addEventListener('abort', () => {
        const index = this.#asked.indexOf(asked);
        if (index < 0) return;
        this.#asked.splice(index, 1);
        reject(signal.reason as Error);
      });
      this.#limiter.more();
    });
  }

  #hand(message: Message<Body>): Promise<never> {
    this.#limiter.came(1);
    const asked = this.#asked.shift();
    if (asked === undefined && this.#isDraining) return Promise.reject(notHandled);
    asked?.resolve({ done: false, value: message });
    // It ends when whoever has it says so, or when the work is told to end.
    return new Promise((_, reject) => {
      const { signal } = message;
      const kept: Kept<Body> = { message, giveBack: () => reject(notHandled) };
      if (asked === undefined) this.#kept.push(kept);
      signal.addEventListener(
        'abort',
        () => {
          const index = this.#kept.indexOf(kept);
          if (index < 0) return reject(signal.reason as Error);
          this.#kept.splice(index, 1);
          kept.giveBack();
        },
        { once: true },
      );
    });
  }

  #end(tell: (asked: Asked<Body>) => void): void {
    this.#isOver = true;
    for (const asked of this.#asked.splice(0)) tell(asked);
  }
}
