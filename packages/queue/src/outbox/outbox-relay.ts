import { sleep } from '@quorate/core';
import { checkDuration } from '../check-duration.ts';
import { isWrongCall } from '../batch/wrong-call.ts';
import type { Producer, SendOptions, Sent } from '../messages/producer.ts';
import type { QueuesContext } from '../queues-options.ts';
import { checkRetryPolicy, retryDelayMs } from '../working/retry-policy.ts';

/** A message that stands in a database, written by the transaction that wants it sent. */
export interface OutboxMessage<Body>
  extends Pick<SendOptions, 'key' | 'keyConcurrency' | 'lane' | 'delayMs' | 'headers'> {
  /** Its own, for ever: what it is deduplicated by. */
  readonly id: string;
  readonly queue: string;
  readonly body: Body;
}

/** A table of messages to be sent, in whatever database. */
export interface Outbox<Body> {
  /** Up to `max` messages that are not delivered, the oldest first. May give again what it gave before. */
  claim(max: number, signal: AbortSignal): Promise<readonly OutboxMessage<Body>[]>;
  /** These are in their queues, and need not be given again. */
  delivered(ids: readonly string[]): Promise<void>;
  /** This one can never be sent: it is too large, say. Without this it is tried again and again. */
  refused?(id: string, error: unknown): Promise<void>;
}

export interface RelayOptions {
  /** Messages to claim at a time. Default 500. */
  readonly batchMax?: number;
  /** How often an empty outbox is looked at. Default 1,000. */
  readonly pollMs?: number;
  /** The deduplication window: longer than `delivered` may fail for. Default 3,600,000. */
  readonly rememberMs?: number;
  /** Told of what failed and is tried again. */
  readonly onTrouble?: (error: unknown) => void;
}

/** Sends what stands in an outbox until it is disposed of, which waits for the batch under way. */
export interface OutboxRelay extends AsyncDisposable {
  /** Looks at once: something was written. */
  wake(): void;
}

/**
 * Begins to relay: claims, sends under each message's id, and says which are delivered. Each goes out at least once, and once within
 * the deduplication window.
 *
 * @throws TypeError, RangeError
 */
export function startRelay<Body>(
  context: QueuesContext,
  outbox: Outbox<Body>,
  producerOf: (queue: string) => Producer<Body>,
  options: RelayOptions,
  onClosed: (relay: AsyncDisposable) => void,
): OutboxRelay {
  return new Relay(context, outbox, producerOf, options, onClosed);
}

const troubleRest = checkRetryPolicy({ delayMs: 200, delayMaxMs: 30_000 });

/** Half of what a producer takes by default: from here on it is waited for. */
const roomBytes = 2 ** 25;

/** What became of a batch. */
interface Relayed {
  /** Nothing came of it, or there was nothing: the next one waits. */
  readonly isIdle: boolean;
  /** All that failed can never be sent. */
  readonly isHopeless: boolean;
  /** The first failure that nobody else is told of. */
  readonly trouble: unknown;
}

class Relay<Body> implements OutboxRelay {
  readonly #context: QueuesContext;
  readonly #outbox: Outbox<Body>;
  readonly #producerOf: (queue: string) => Producer<Body>;
  readonly #producers = new Map<string, Producer<Body>>();
  readonly #batchMax: number;
  readonly #pollMs: number;
  readonly #onTrouble: (error: unknown) => void;
  readonly #onClosed: (relay: AsyncDisposable) => void;
  readonly #over = new AbortController();
  readonly #ended: Promise<void>;
  #rest = new AbortController();

  constructor(
    context: QueuesContext,
    outbox: Outbox<Body>,
    producerOf: (queue: string) => Producer<Body>,
    { batchMax = 500, pollMs = 1000, rememberMs = 0, onTrouble = () => {} }: RelayOptions,
    onClosed: (relay: AsyncDisposable) => void,
  ) {
    checkOutbox(outbox);
    checkDuration('Time to remember an id', rememberMs, 0);
    if (!(Number.isInteger(batchMax) && batchMax >= 1))
      throw new RangeError(`Messages to claim must be an integer of at least 1: received ${batchMax}`);
    if (!(pollMs > 0 && pollMs < 2 ** 31))
      throw new RangeError(
        `Time between looks in ms must be above 0 and at most ${2 ** 31 - 1}: received ${pollMs}`,
      );
    this.#context = context;
    this.#outbox = outbox;
    this.#producerOf = producerOf;
    this.#batchMax = batchMax;
    this.#pollMs = pollMs;
    this.#onTrouble = onTrouble;
    this.#onClosed = onClosed;
    this.#ended = this.#run();
  }

  wake(): void {
    this.#rest.abort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over.abort();
    this.#rest.abort();
    await this.#ended;
    for (const producer of this.#producers.values()) await producer[Symbol.asyncDispose]();
    this.#onClosed(this);
  }

  async #run(): Promise<void> {
    const { random } = this.#context;
    let failureCount = 0;
    while (!this.#over.signal.aborted) {
      this.#rest = new AbortController();
      let restMs = this.#pollMs;
      try {
        const { isIdle, isHopeless, trouble } = await this.#relay();
        if (this.#over.signal.aborted) return;
        if (trouble !== undefined) this.#onTrouble(trouble);
        // What can never be sent holds up nothing that can; and what failed beside others that went out is tried again with them.
        failureCount = trouble === undefined || !isIdle || isHopeless ? 0 : failureCount + 1;
        if (!isIdle) continue;
        if (failureCount > 0) restMs = retryDelayMs(troubleRest, failureCount, random);
      } catch (thrown) {
        if (this.#over.signal.aborted) return;
        this.#onTrouble(thrown);
        restMs = retryDelayMs(troubleRest, ++failureCount, random);
      }
      await this.#pause(restMs);
    }
  }

  async #pause(restMs: number): Promise<void> {
    const { signal } = this.#rest;
    if (!this.#over.signal.aborted) await sleep(this.#context.clock, restMs, { signal }).catch(() => {});
  }

  /** One batch. What went out is told of before anything else that may fail. */
  async #relay(): Promise<Relayed> {
    const messages = await this.#outbox.claim(this.#batchMax, this.#over.signal);
    const delivered: string[] = [];
    const wrong: (readonly [id: string, error: unknown])[] = [];
    let trouble: unknown;
    for (const [index, failure] of (await this.#sendAll(messages)).entries()) {
      const { id } = messages[index] as OutboxMessage<Body>;
      if (failure === undefined) delivered.push(id);
      else if (isWrongCall(failure.error)) wrong.push([id, failure.error]);
      else trouble ??= failure.error;
    }
    if (delivered.length > 0) await this.#outbox.delivered(delivered);
    const isHopeless = trouble === undefined;
    let refusedCount = 0;
    for (const [id, error] of wrong) {
      if (this.#outbox.refused === undefined) trouble ??= error;
      else {
        await this.#outbox.refused(id, error);
        refusedCount++;
      }
    }
    return { isIdle: delivered.length + refusedCount === 0, isHopeless, trouble };
  }

  /** Says of each why it failed. No more are sent at a time than their producer takes. */
  async #sendAll(
    messages: readonly OutboxMessage<Body>[],
  ): Promise<readonly ({ readonly error: unknown } | undefined)[]> {
    const sends: Promise<{ readonly error: unknown } | undefined>[] = [];
    for (const message of messages) {
      const producer = this.#producer(message.queue);
      if (producer.inFlightBytes > roomBytes)
        await producer.ready({ signal: this.#over.signal }).catch(() => {});
      sends.push(
        this.#send(producer, message).then(
          () => undefined,
          (error: unknown) => ({ error }),
        ),
      );
    }
    return Promise.all(sends);
  }

  #producer(queue: string): Producer<Body> {
    let producer = this.#producers.get(queue);
    if (producer === undefined) this.#producers.set(queue, (producer = this.#producerOf(queue)));
    return producer;
  }

  #send(producer: Producer<Body>, { body, ...options }: OutboxMessage<Body>): Promise<Sent> {
    const { id, key, keyConcurrency, lane, delayMs, headers } = options;
    return producer.send(body, {
      id,
      signal: this.#over.signal,
      ...(key !== undefined && { key }),
      ...(keyConcurrency !== undefined && { keyConcurrency }),
      ...(lane !== undefined && { lane }),
      ...(delayMs !== undefined && { delayMs }),
      ...(headers !== undefined && { headers }),
    });
  }
}

/** @throws TypeError */
function checkOutbox<Body>(outbox: Outbox<Body>): void {
  for (const name of ['claim', 'delivered', 'refused'] as const) {
    const call: unknown = outbox?.[name];
    if (typeof call === 'function' || (name === 'refused' && call === undefined)) continue;
    throw new TypeError(`Outbox must have a function "${name}": received ${String(call)}`);
  }
}
