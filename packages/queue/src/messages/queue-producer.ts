import { checkKey, type QueuePut, type WaitOptions } from '@quorate/core';
import { closed, sendUnknown } from '../queue-error.ts';
import type { QueuesContext } from '../queues-options.ts';
import { messageHeaders } from './message-headers.ts';
import { type Producer, type ProducerOptions, putOf, type Sent, type SendOptions } from './producer.ts';
import { type Applied, Sender } from './sender.ts';

const none: SendOptions = Object.freeze({});

/** A producer over any store. */
export class QueueProducer<Body> implements Producer<Body> {
  readonly queue: string;
  readonly #context: QueuesContext;
  readonly #sender: Sender;
  readonly #defaults: { readonly lane: number; readonly rememberMs: number };
  readonly #onClosed: (producer: AsyncDisposable) => void;
  #isClosed = false;

  constructor(
    context: QueuesContext,
    queue: string,
    options: ProducerOptions,
    onClosed: (producer: AsyncDisposable) => void = () => {},
  ) {
    checkKey('Queue', queue);
    this.#onClosed = onClosed;
    const { lane = 0, rememberMs = context.rememberMs, inFlightMaxBytes = 2 ** 26 } = options;
    if (!(rememberMs >= 0 && rememberMs < 2 ** 31))
      throw new RangeError(
        `Time to remember an id, in ms, must be from 0 to ${2 ** 31 - 1}: received ${rememberMs}`,
      );
    this.queue = queue;
    this.#context = context;
    this.#defaults = { lane, rememberMs };
    this.#sender = new Sender({ ...context, rememberMs, inFlightMaxBytes });
  }

  get inFlightBytes(): number {
    return this.#sender.inFlightBytes;
  }

  send(body: Body, options: SendOptions = none): Promise<Sent> {
    let put: QueuePut;
    try {
      const headers = messageHeaders(options.headers);
      put = putOf(this.queue, this.#context.codec.encode(body), headers, options, this.#defaults);
    } catch (thrown) {
      return Promise.reject(thrown as Error);
    }
    if (options.transaction !== undefined) return this.#sendWithin(put, options);
    return this.#sender.sendAs(put, options, this.#sent);
  }

  async sendMany(
    bodies: readonly Body[],
    options: SendOptions | ((body: Body, index: number) => SendOptions) = none,
  ): Promise<readonly Sent[]> {
    const optionsOf = typeof options === 'function' ? options : (): SendOptions => options;
    const results = await Promise.allSettled(
      bodies.map((body, index) => this.send(body, optionsOf(body, index))),
    );
    return results.map(result => {
      if (result.status === 'rejected') throw result.reason;
      return result.value;
    });
  }

  ready(options: WaitOptions = {}): Promise<void> {
    return this.#sender.ready(options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    await this.#sender.close();
    this.#onClosed(this);
  }

  /** In the caller's transaction, so by itself: it counts if that commits, and its caller repeats that. */
  async #sendWithin(put: QueuePut, options: SendOptions): Promise<Sent> {
    if (this.#isClosed) throw closed('The producer');
    const [result] = await this.#context.store.put([put], options);
    if (result?.outcome !== 'applied') throw sendUnknown(this.queue, put.message.id, result?.cause);
    return this.#sent(result);
  }

  readonly #sent = ({ id, duplicate }: Applied): Sent => ({
    id,
    duplicate,
    durability: this.#context.store.capabilities.durability,
  });
}
