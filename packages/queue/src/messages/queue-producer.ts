import type { Clock, QueuePut, WaitOptions } from '@quorate/core';
import { checkName } from '../check-name.ts';
import { closed, sendUnknown } from '../queue-error.ts';
import type { QueuesContext } from '../queues-options.ts';
import { messageHeaders } from './message-headers.ts';
import { type Producer, type ProducerOptions, putOf, type Sent, type SendOptions } from './producer.ts';
import { type Applied, Sender } from './sender.ts';
import { checkDuration } from '../check-duration.ts';

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
    checkName('Queue', queue);
    this.#onClosed = onClosed;
    const { lane = 0, rememberMs = context.rememberMs, inFlightMaxBytes = 2 ** 26 } = options;
    checkDuration('Time to remember an id', rememberMs, 0);
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
      put = this.#putOf(body, options);
    } catch (thrown) {
      return Promise.reject(thrown as Error);
    }
    return this.#send(put, options);
  }

  async sendMany(
    bodies: readonly Body[],
    options: SendOptions | ((body: Body, index: number) => SendOptions) = none,
  ): Promise<readonly Sent[]> {
    const { clock } = this.#context;
    const beganMs = clock.monotonicMs();
    let known: PromiseSettledResult<Sent>[] = [];
    const sends: Promise<Sent>[] = [];
    for (let index = 0; index < bodies.length; index++) {
      try {
        const body = bodies[index] as Body;
        const own = typeof options === 'function' ? options(body, index) : options;
        const put = this.#putOf(body, own);
        const { length } = put.message.body;
        while (own.transaction === undefined && !this.#sender.hasRoom(length)) {
          // Listened to before anything else is awaited, for any of them may be rejected.
          known = known.concat(await Promise.allSettled(sends.splice(0)));
          await this.#sender.roomFor(length, leftOf(own, clock, beganMs));
        }
        sends.push(this.#send(put, leftOf(own, clock, beganMs)));
      } catch (thrown) {
        sends.push(Promise.reject(thrown as Error));
      }
    }
    known = known.concat(await Promise.allSettled(sends));
    return known.map(result => {
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

  /** @throws TypeError, RangeError */
  #putOf(body: Body, options: SendOptions): QueuePut {
    const headers = messageHeaders(options.headers);
    return putOf(this.queue, this.#context.codec.encode(body), headers, options, this.#defaults);
  }

  #send(put: QueuePut, options: SendOptions): Promise<Sent> {
    if (options.transaction !== undefined) return this.#sendWithin(put, options);
    return this.#sender.sendAs(put, options, this.#sent);
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

/** The same, with what is left of the time. */
function leftOf(options: SendOptions, clock: Clock, beganMs: number): SendOptions {
  const { deadlineMs } = options;
  // What is no time is told of where it is used.
  if (deadlineMs === undefined || !(deadlineMs > 0)) return options;
  return { ...options, deadlineMs: Math.max(0, deadlineMs - (clock.monotonicMs() - beganMs)) };
}
