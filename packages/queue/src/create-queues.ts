import { pageMax, QuorateError, type QueueInspector, type WaitOptions } from '@quorate/core';
import { checkName } from './check-name.ts';
import { type DeadLetters, QueueDeadLetters } from './dead-letters/dead-letters.ts';
import { deadLettersOf } from './dead-letters/dead-letter-name.ts';
import { BatchUse } from './messages/batch-use.ts';
import type { ConsumeOptions } from './messages/consume-options.ts';
import { startConsuming } from './messages/consume.ts';
import { type Consumer, QueueConsumer } from './messages/consumer.ts';
import type { Message } from './messages/message.ts';
import type { Producer, ProducerOptions } from './messages/producer.ts';
import { QueueProducer } from './messages/queue-producer.ts';
import { type Outbox, type OutboxRelay, type RelayOptions, startRelay } from './outbox/outbox-relay.ts';
import { closed } from './queue-error.ts';
import { contextOf, type QueuesContext, type QueuesOptions } from './queues-options.ts';
import { StoreTopic, type Topic } from './topics/topic.ts';
import { pauseKey, writePause } from './working/pause-record.ts';
import type { Work } from './working/work.ts';

/** How a queue is consumed in batches. */
export interface BatchConsumeOptions extends Omit<ConsumeOptions, 'concurrency'> {
  /** Messages in a batch. Default 100. */
  readonly batchMax?: number;
  /** Batches at a time, full or not. Default 1. */
  readonly concurrency?: number;
}

/** Everything that one process does with the queues of one store. */
export interface Queues extends AsyncDisposable {
  /** @throws RangeError */
  producer<Body>(queue: string, options?: ProducerOptions): Producer<Body>;
  /**
   * Calls the handler with each message. One whose handler returns is acknowledged, unless it said otherwise; one whose handler throws
   * is tried again.
   *
   * @throws TypeError, RangeError; QuorateError `CLOSED`
   */
  consume<Body>(queue: string, handler: (message: Message<Body>) => unknown, options?: ConsumeOptions): Work;
  /** The same with several messages at a time. */
  consumeBatches<Body>(
    queue: string,
    handler: (messages: readonly Message<Body>[]) => unknown,
    options?: BatchConsumeOptions,
  ): Work;
  /** Messages as they are asked for. `concurrency`, here how many may be held at a time, is 64 by default. */
  consumer<Body>(queue: string, options?: ConsumeOptions): Consumer<Body>;
  topic<Body>(name: string, options?: ProducerOptions): Topic<Body>;
  /** @param name of the queue where they are. Default: `<queue>/~dead` */
  deadLetters<Body>(queue: string, name?: string): DeadLetters<Body>;
  /** Sends what another database holds to be sent. @throws TypeError, RangeError */
  relay<Body>(outbox: Outbox<Body>, options?: RelayOptions): OutboxRelay;
  /** No handler of any process starts on messages of the queue any more, within seconds. */
  pause(queue: string, options?: WaitOptions): Promise<void>;
  resume(queue: string, options?: WaitOptions): Promise<void>;
  isPaused(queue: string, options?: WaitOptions): Promise<boolean>;
  /** What there is, for a dashboard: names of queues, how full they are, their messages, in pages. */
  readonly inspect: QueueInspector;
  /** Ends everything that was begun here: drains nothing, gives back what is held, waits for what was sent. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** Makes producers and consumers that know of other processes only what the options tell. @throws TypeError */
export function makeQueues(options: QueuesOptions): Queues {
  return new StoreQueues(contextOf(options));
}

class StoreQueues implements Queues {
  readonly inspect: QueueInspector;
  readonly #context: QueuesContext;
  readonly #begun = new Set<AsyncDisposable>();
  #closed: Promise<void> | undefined;

  constructor(context: QueuesContext) {
    this.#context = context;
    this.inspect = context.store.inspect;
  }

  producer<Body>(queue: string, options: ProducerOptions = {}): Producer<Body> {
    return this.#keep(new QueueProducer<Body>(this.#open(), queue, options, this.#forget));
  }

  consume<Body>(
    queue: string,
    handler: (message: Message<Body>) => unknown,
    options: ConsumeOptions = {},
  ): Work {
    checkName('Queue', queue);
    checkHandler(handler);
    return this.#keepWork(startConsuming(this.#open(), queue, handler as never, options));
  }

  consumeBatches<Body>(
    queue: string,
    handler: (messages: readonly Message<Body>[]) => unknown,
    { batchMax = 100, concurrency = 1, ...options }: BatchConsumeOptions = {},
  ): Work {
    checkName('Queue', queue);
    checkHandler(handler);
    if (!(Number.isInteger(batchMax) && batchMax >= 1 && batchMax <= pageMax))
      throw new RangeError(`Messages in a batch must be from 1 to ${pageMax}: received ${batchMax}`);
    const { use, limiter } = new BatchUse(batchMax, concurrency, handler);
    const together = { ...options, concurrency: batchMax * concurrency };
    return this.#keepWork(
      startConsuming(this.#open(), queue, use as never, together, inner => limiter.within(inner)),
    );
  }

  consumer<Body>(queue: string, options: ConsumeOptions = {}): Consumer<Body> {
    checkName('Queue', queue);
    const context = this.#open();
    return new QueueConsumer<Body>(context.clock, queue, (use, limit) =>
      this.#keepWork(startConsuming(context, queue, use as never, { concurrency: 64, ...options }, limit)),
    );
  }

  topic<Body>(name: string, options: ProducerOptions = {}): Topic<Body> {
    return this.#keep(new StoreTopic<Body>(this.#open(), name, options, this.#forget));
  }

  deadLetters<Body>(queue: string, name: string = deadLettersOf(queue)): DeadLetters<Body> {
    return new QueueDeadLetters<Body>(this.#open(), queue, name);
  }

  relay<Body>(outbox: Outbox<Body>, options: RelayOptions = {}): OutboxRelay {
    const { rememberMs = 3_600_000 } = options;
    const producerOf = (queue: string): Producer<Body> => this.producer<Body>(queue, { rememberMs });
    return this.#keep(startRelay(this.#open(), outbox, producerOf, options, this.#forget));
  }

  pause(queue: string, options: WaitOptions = {}): Promise<void> {
    return this.#setPaused(queue, true, options);
  }

  resume(queue: string, options: WaitOptions = {}): Promise<void> {
    return this.#setPaused(queue, false, options);
  }

  async isPaused(queue: string, options: WaitOptions = {}): Promise<boolean> {
    checkName('Queue', queue);
    return (await this.#context.store.state.get(pauseKey(queue), options)) !== undefined;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    // So that it is known to be closed before anything ends.
    await Promise.resolve();
    await Promise.all([...this.#begun].map(each => each[Symbol.asyncDispose]()));
    await this.#context.ownKeeper?.[Symbol.asyncDispose]();
  }

  async #setPaused(queue: string, isPaused: boolean, options: WaitOptions): Promise<void> {
    checkName('Queue', queue);
    const result = await writePause(this.#context.store, queue, isPaused, options);
    if (result.outcome !== 'unknown') return;
    const { code, message, retryable } = result.cause;
    throw new QuorateError(code, message, { retryable, cause: result.cause });
  }

  /** @throws QuorateError `CLOSED` */
  #open(): QueuesContext {
    if (this.#closed !== undefined) throw closed('The manager of the queues');
    return this.#context;
  }

  #keep<Begun extends AsyncDisposable>(begun: Begun): Begun {
    this.#begun.add(begun);
    return begun;
  }

  readonly #forget = (begun: AsyncDisposable): void => void this.#begun.delete(begun);

  #keepWork(work: Work): Work {
    this.#begun.add(work);
    const forget = (): void => void this.#begun.delete(work);
    work.done.then(forget, forget);
    return work;
  }
}

/** @throws TypeError */
function checkHandler(handler: unknown): void {
  if (typeof handler !== 'function')
    throw new TypeError(`Handler must be a function: received ${typeof handler}`);
}
