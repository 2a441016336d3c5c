import {
  type LinkedSignal,
  linkSignal,
  type MessageId,
  pageMax,
  sleep,
  type WaitOptions,
} from '@quorate/core';
import { checkName, checkSegment } from '../check-name.ts';
import { Batcher } from '../batch/batcher.ts';
import { ByteRoom } from '../batch/byte-room.ts';
import { closed, producerFull } from '../queue-error.ts';
import { messageHeaders } from '../messages/message-headers.ts';
import { type ProducerOptions, putOf, type SendOptions, type Sent } from '../messages/producer.ts';
import { Sender } from '../messages/sender.ts';
import type { QueuesContext } from '../queues-options.ts';
import { checkDuration } from '../check-duration.ts';
import { type Subscription, Subscriptions } from './subscriptions.ts';

/** What became of a message that was published. */
export interface Published extends Omit<Sent, 'id'> {
  /** Of the message in each of the queues. Absent where there is no subscription. */
  readonly id: MessageId | undefined;
  readonly subscriptionCount: number;
}

/** Gives each message to every subscription. */
export interface Topic<Body> extends AsyncDisposable {
  readonly name: string;
  /**
   * Puts the message into the queue of every subscription, in one call of the store: of each that was made before this call and is not
   * ended meanwhile. One that is made or ended meanwhile may get it or not.
   *
   * @throws as `Producer.send`; `PRODUCER_FULL` where bodies of `inFlightMaxBytes` wait, each counted once for all subscriptions
   */
  publish(body: Body, options?: Omit<SendOptions, 'transaction'>): Promise<Published>;
  /** Makes a subscription, or finds it. Once this resolves, it gets everything that is published. */
  subscribe(name: string, options?: WaitOptions): Promise<Subscription>;
  /** Ends a subscription with all that it has. Says whether it was there. */
  unsubscribe(name: string, options?: WaitOptions): Promise<boolean>;
  subscriptions(options?: WaitOptions): Promise<readonly Subscription[]>;
  /** Settles when at least half of `inFlightMaxBytes` is free: await it in a loop that does not await what it publishes. */
  ready(options?: WaitOptions): Promise<void>;
  /** Takes no more, and waits for what was published; what has no answer is given up after 30 s. */
  [Symbol.asyncDispose](): Promise<void>;
}

interface Publishing {
  readonly wait: WaitOptions;
  /** Of a caller that does not wait for ever. */
  readonly linked: LinkedSignal | undefined;
  /** Whether the sender has it, which knows then what becomes of it. */
  isSent: boolean;
  /** The message for one queue. */
  readonly putFor: (queue: string) => ReturnType<typeof putOf>;
  readonly resolve: (published: Published) => void;
  readonly reject: (error: unknown) => void;
}

/** So many messages are made at a time: one that is published is as many as there are subscriptions. */
const putsMax = pageMax;

/** A topic over any store: its subscriptions are looked up once for all that is published in a turn. */
export class StoreTopic<Body> implements Topic<Body> {
  readonly name: string;
  readonly #context: QueuesContext;
  readonly #defaults: { readonly lane: number; readonly rememberMs: number };
  readonly #subscriptions: Subscriptions;
  readonly #sender: Sender;
  readonly #batches: Batcher<Publishing>;
  readonly #onClosed: (topic: AsyncDisposable) => void;
  readonly #room: ByteRoom;
  readonly #maxBytes: number;
  /** Where the last messages went. */
  #queues: ReadonlySet<string> = new Set();
  /** Messages that the sender has. */
  #putCount = 0;
  #onSent: () => void = () => {};
  /** Published, and neither with the sender nor given up. */
  #unsentCount = 0;
  #isClosed = false;
  #onHandedOver: () => void = () => {};

  constructor(
    context: QueuesContext,
    name: string,
    options: ProducerOptions,
    onClosed: (topic: AsyncDisposable) => void,
  ) {
    checkName('Topic', name);
    const { lane = 0, rememberMs = context.rememberMs, inFlightMaxBytes = 2 ** 26 } = options;
    checkDuration('Time to remember an id', rememberMs, 0);
    this.name = name;
    this.#context = context;
    this.#defaults = { lane, rememberMs };
    this.#subscriptions = new Subscriptions(context.store, name, context.random);
    this.#room = new ByteRoom(context.clock, inFlightMaxBytes);
    this.#maxBytes = inFlightMaxBytes;
    // What may wait is counted here: a body is one, however many queues it goes to.
    this.#sender = new Sender({ ...context, rememberMs, inFlightMaxBytes: Number.POSITIVE_INFINITY });
    this.#batches = new Batcher({ countMax: 500, flightsMax: 1, flush: batch => this.#publish(batch) });
    this.#onClosed = onClosed;
  }

  async publish(body: Body, options: Omit<SendOptions, 'transaction'> = {}): Promise<Published> {
    if (this.#isClosed) throw closed(`The topic "${this.name}"`);
    const bytes = this.#context.codec.encode(body);
    const headers = messageHeaders(options.headers);
    const putFor: Publishing['putFor'] = queue => putOf(queue, bytes, headers, options, this.#defaults);
    const { signal, deadlineMs } = options;
    const isBounded = signal !== undefined || deadlineMs !== undefined;
    if (!this.#room.take(bytes.length)) throw producerFull(this.name, this.#maxBytes);
    using _ = { [Symbol.dispose]: () => this.#room.free(bytes.length) };
    using linked = isBounded
      ? linkSignal(this.#context.clock, { signal, deadlineMs, outcome: 'not-applied' })
      : undefined;
    linked?.throwIfAborted();
    return await new Promise<Published>((resolve, reject) => {
      const publishing: Publishing = { wait: options, linked, isSent: false, putFor, resolve, reject };
      const giveUp = (): void => {
        if (!publishing.isSent) reject(linked?.signal.reason as Error);
      };
      linked?.signal.addEventListener('abort', giveUp, { once: true });
      this.#unsentCount++;
      this.#batches.add(publishing);
    });
  }

  ready(options: WaitOptions = {}): Promise<void> {
    return this.#room.ready(options);
  }

  async subscribe(name: string, options: WaitOptions = {}): Promise<Subscription> {
    checkSegment('Subscription', name);
    return this.#subscriptions.add(name, options);
  }

  async unsubscribe(name: string, options: WaitOptions = {}): Promise<boolean> {
    checkSegment('Subscription', name);
    return this.#subscriptions.remove(name, options);
  }

  subscriptions(options: WaitOptions = {}): Promise<readonly Subscription[]> {
    return this.#subscriptions.list(options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    if (this.#unsentCount > 0) await this.#handedOver();
    await this.#sender.close();
    this.#onClosed(this);
  }

  /** Until the sender has everything that was published, or a time is over in which it could have. */
  async #handedOver(): Promise<void> {
    const over = new AbortController();
    this.#onHandedOver = () => over.abort();
    await sleep(this.#context.clock, handOverMaxMs, { signal: over.signal }).catch(() => {});
  }

  #leaveUnsent(): void {
    this.#unsentCount--;
    if (this.#unsentCount === 0) this.#onHandedOver();
  }

  /** Looks the subscriptions up after all of these were published, so that none is missed that was made before. */
  async #publish(batch: readonly Publishing[]): Promise<void> {
    let subscriptions: readonly Subscription[];
    try {
      subscriptions = await this.#subscriptions.list({ deadlineMs: lookMaxMs });
    } catch (thrown) {
      for (const { reject } of batch) {
        reject(thrown);
        this.#leaveUnsent();
      }
      return;
    }
    const queues = subscriptions.map(({ queue }) => queue);
    this.#clear(new Set(queues));
    for (const publishing of batch) {
      while (this.#putCount >= putsMax) {
        await new Promise<void>(resolve => {
          this.#onSent = resolve;
        });
      }
      void this.#send(publishing, queues);
    }
  }

  async #send(publishing: Publishing, queues: readonly string[]): Promise<void> {
    const { putFor, wait, linked, resolve, reject } = publishing;
    this.#leaveUnsent();
    if (linked?.signal.aborted === true) return;
    publishing.isSent = true;
    this.#putCount += queues.length;
    try {
      const left = { signal: wait.signal, deadlineMs: linked?.remainingMs() };
      const results = await this.#sender.sendTogether(queues.map(putFor), left);
      const { durability } = this.#context.store.capabilities;
      const duplicate = results.length > 0 && results.every(result => result.duplicate);
      resolve({ id: results[0]?.id, duplicate, durability, subscriptionCount: queues.length });
    } catch (thrown) {
      reject(thrown);
    } finally {
      this.#putCount -= queues.length;
      this.#onSent();
    }
  }

  /** What went to a subscription while it was ended came after its queue had been cleared. */
  #clear(queues: ReadonlySet<string>): void {
    for (const queue of this.#queues) {
      if (!queues.has(queue)) this.#context.store.inspect.purge(queue).catch(() => {});
    }
    this.#queues = queues;
  }
}

const lookMaxMs = 10_000;

/** As long as the sender waits for its last answers. */
const handOverMaxMs = 15_000;
