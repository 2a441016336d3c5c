import {
  type InspectedMessage,
  type MessageId,
  type Page,
  type PageOptions,
  partitionOf,
  type WaitOptions,
} from '@quorate/core';
import { checkName } from '../check-name.ts';
import type { QueuesContext } from '../queues-options.ts';
import { deadHeaders } from './cause.ts';
import { redriveAll } from './redrive-all.ts';
import { redriveSome } from './redrive-some.ts';
import { removedCount } from './removed-count.ts';

/** A message that was given up, and why. */
export interface DeadLetter<Body = unknown> {
  readonly id: MessageId;
  /** Absent where it cannot be decoded. */
  readonly body?: Body;
  readonly bytes: Uint8Array;
  /** All headers: those of its sender, and those that tell of its end. */
  readonly headers: Readonly<Record<string, string>>;
  /** `attempts`, `deliveries`, `rejected`, `unreadable`, or what a later release knows of. */
  readonly cause: string | undefined;
  /** Name and message of the last error, and its code. */
  readonly error: string | undefined;
  readonly code: string | undefined;
  /** The queue that it was in. */
  readonly from: string | undefined;
  readonly attemptCount: number;
  readonly deliveryCount: number;
  /** When it was given up, on the engine's clock. */
  readonly diedAtMs: number;
}

export interface RedriveOptions extends WaitOptions {
  /** Default: the queue that each was in. */
  readonly to?: string;
}

/** What was given up of a queue. */
export interface DeadLetters<Body = unknown> {
  /** The queue where they are. */
  readonly queue: string;
  list(options?: PageOptions): Promise<Page<DeadLetter<Body>>>;
  get(id: string, options?: WaitOptions): Promise<DeadLetter<Body> | undefined>;
  /**
   * Puts these back into their queue, to be tried as if they were new. Says how many there were. Those among the first hundred are moved
   * in one commit. Others, those behind one of their key that stays, and those that go to another partition are put and then removed:
   * where the process ends in between, one is there twice afterwards.
   */
  redrive(ids: readonly string[], options?: RedriveOptions): Promise<number>;
  /**
   * Moves all that are there back, or the first `max` of them, in batches and within the store. Says how many.
   *
   * @throws RangeError where `to` lies in another partition: `redrive` goes there; where `max` is no number of at least 0
   */
  redriveAll(options?: RedriveOptions & { readonly max?: number }): Promise<number>;
  /** Takes these out for good. Says how many there were. */
  remove(ids: readonly string[], options?: WaitOptions): Promise<number>;
  /** Takes all out. */
  purge(options?: WaitOptions): Promise<number>;
}

/** Dead letters over any store. */
export class QueueDeadLetters<Body> implements DeadLetters<Body> {
  readonly queue: string;
  readonly #origin: string;
  readonly #context: QueuesContext;

  constructor(context: QueuesContext, origin: string, queue: string) {
    checkName('Queue', origin);
    checkName('Dead letters', queue);
    this.#context = context;
    this.#origin = origin;
    this.queue = queue;
  }

  async list(options?: PageOptions): Promise<Page<DeadLetter<Body>>> {
    const { items, ...page } = await this.#context.store.inspect.messages(this.queue, options);
    return { ...page, items: items.map(item => this.#letter(item)) };
  }

  async get(id: string, options?: WaitOptions): Promise<DeadLetter<Body> | undefined> {
    const found = await this.#context.store.inspect.get(this.queue, id as MessageId, options);
    return found && this.#letter(found);
  }

  redrive(ids: readonly string[], { to, ...wait }: RedriveOptions = {}): Promise<number> {
    if (to !== undefined) checkName('Queue', to);
    return redriveSome(this.#context, this.queue, ids, to, this.#origin, wait);
  }

  redriveAll({ to, max, ...wait }: RedriveOptions & { readonly max?: number } = {}): Promise<number> {
    if (to !== undefined) {
      checkName('Queue', to);
      if (partitionOf(to) !== partitionOf(this.queue))
        throw new RangeError(
          `Queue must lie in the partition of "${this.queue}" for all to be moved: received "${to}"`,
        );
    }
    if (max !== undefined && !(max >= 0))
      throw new RangeError(`Letters to put back must be a number of at least 0: received ${String(max)}`);
    return redriveAll(this.#context, this.queue, to, this.#origin, max, wait);
  }

  async remove(ids: readonly string[], options?: WaitOptions): Promise<number> {
    const results = await this.#context.store.inspect.remove(
      this.queue,
      ids as readonly MessageId[],
      options,
    );
    return removedCount(this.queue, results);
  }

  purge(options?: WaitOptions): Promise<number> {
    return this.#context.store.inspect.purge(this.queue, options);
  }

  #letter({ id, body: bytes, headers, putAtMs }: InspectedMessage): DeadLetter<Body> {
    const letter = {
      id,
      bytes,
      headers,
      cause: headers[deadHeaders.cause],
      error: headers[deadHeaders.error],
      code: headers[deadHeaders.code] || undefined,
      from: headers[deadHeaders.from],
      attemptCount: Number(headers[deadHeaders.attempts] ?? 0),
      deliveryCount: Number(headers[deadHeaders.deliveries] ?? 0),
      diedAtMs: putAtMs,
    };
    try {
      return { ...letter, body: this.#context.codec.decode(bytes) as Body };
    } catch {
      return letter;
    }
  }
}
