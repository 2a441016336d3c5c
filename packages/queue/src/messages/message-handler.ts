import { boundedWait, type Clock, type StateWrite, type WaitOptions } from '@quorate/core';
import { deadEnding, errorHeaders } from '../dead-letters/cause.ts';
import { endConflict } from '../queue-error.ts';
import type { Delivery, DeliveryHandler, Ending } from '../working/ending.ts';
import type { Codec } from './codec.ts';
import { ConsumedMessage, type MessageSource } from './consumed-message.ts';
import type { Idempotency } from './idempotency.ts';
import type { EndOutcome, Message } from './message.ts';

/** What becomes of messages in a consumer's hands. */
export interface MessageHandlerOptions {
  readonly clock: Clock;
  readonly codec: Codec;
  readonly deadLetters: string;
  readonly retryDelayMs: (attempt: number) => number;
  readonly idempotency: Idempotency | undefined;
  /** What it returns is waited for, and then the message ends as it said itself, or is acknowledged. */
  readonly use: (message: Message<never>) => unknown;
  /** Told of each message that ends without it. */
  readonly onUnused?: () => void;
}

/** A delivery whose end is not known yet. */
interface Open {
  decide: (ending: Ending) => void;
  isDecided: boolean;
  isLost: boolean;
  /** Where somebody waits for its end. */
  ended:
    | {
        readonly promise: Promise<EndOutcome>;
        resolve(outcome: EndOutcome): void;
        reject(error: unknown): void;
      }
    | undefined;
}

const acknowledge: Ending = { type: 'acknowledge' };

/** Makes messages of deliveries, and endings of what is done with them. */
export class MessageHandler implements DeliveryHandler, MessageSource {
  readonly deadLetters: string;
  readonly #options: MessageHandlerOptions;
  readonly #open = new Map<Delivery, Open>();

  constructor(options: MessageHandlerOptions) {
    this.deadLetters = options.deadLetters;
    this.#options = options;
  }

  handle(delivery: Delivery): Promise<Ending> {
    const { codec, idempotency } = this.#options;
    let body: unknown;
    try {
      body = codec.decode(delivery.message.body);
    } catch (thrown) {
      this.#options.onUnused?.();
      const { queue, deliveryCount } = delivery.message;
      const from = { queue, deliveryCount, attemptCount: delivery.attempt };
      return Promise.resolve(deadEnding(this.deadLetters, from, 'unreadable', errorHeaders(thrown)));
    }
    const message = new ConsumedMessage(delivery, body as never, this);
    return idempotency === undefined
      ? this.#use(delivery, message)
      : this.#useOnce(idempotency, delivery, message);
  }

  async endAgain({ message: { queue, id } }: Delivery, ending: Ending): Promise<Ending> {
    const own = ending.state?.find(({ key }) => this.#options.idempotency?.isOwn(key));
    // Where another did the same meanwhile, this one adds nothing.
    if (own !== undefined && (await this.#options.idempotency?.stands(own.key))) return acknowledge;
    throw endConflict(queue, id);
  }

  onEnd(delivery: Delivery, outcome: EndOutcome | 'refused', error?: unknown): void {
    const open = this.#open.get(delivery);
    if (open === undefined) return;
    // Lost before it said how it ends: what it says comes too late.
    if (!open.isDecided) open.isLost = true;
    else this.#open.delete(delivery);
    if (outcome === 'refused') open.ended?.reject(error);
    else open.ended?.resolve(outcome);
  }

  retryDelayMs(attempt: number): number {
    return this.#options.retryDelayMs(attempt);
  }

  end(delivery: Delivery, ending: Ending, options?: WaitOptions): Promise<EndOutcome> {
    if (options === undefined) return this.#end(delivery, ending);
    return boundedWait(this.#options.clock, options, 'unknown', () => this.#end(delivery, ending));
  }

  #end(delivery: Delivery, ending: Ending): Promise<EndOutcome> {
    const open = this.#open.get(delivery);
    if (open === undefined) return Promise.resolve('lost');
    this.#decide(delivery, open, ending);
    if (open.isLost) return Promise.resolve('lost');
    open.ended ??= endedOf();
    return open.ended.promise;
  }

  /** The first word counts. */
  #decide(delivery: Delivery, open: Open, ending: Ending): void {
    if (open.isDecided) return;
    open.isDecided = true;
    if (open.isLost) this.#open.delete(delivery);
    open.decide(ending);
  }

  #use(delivery: Delivery, message: ConsumedMessage<never>): Promise<Ending> {
    return new Promise((resolve, reject) => {
      const open: Open = { decide: resolve, isDecided: false, isLost: false, ended: undefined };
      this.#open.set(delivery, open);
      const fail = (thrown: unknown): void => {
        open.decide = () => reject(thrown);
        this.#decide(delivery, open, acknowledge);
      };
      try {
        Promise.resolve(this.#options.use(message)).then(
          () => this.#decide(delivery, open, acknowledge),
          fail,
        );
      } catch (thrown) {
        fail(thrown);
      }
    });
  }

  async #useOnce(
    idempotency: Idempotency,
    delivery: Delivery,
    message: ConsumedMessage<never>,
  ): Promise<Ending> {
    let record: StateWrite | undefined;
    try {
      record = await idempotency.recordOf(message);
      // It may have been lost while its record was looked for.
      delivery.signal.throwIfAborted();
    } catch (thrown) {
      this.#options.onUnused?.();
      throw thrown;
    }
    if (record === undefined) {
      this.#options.onUnused?.();
      return acknowledge;
    }
    const ending = await this.#use(delivery, message);
    if (ending.type !== 'acknowledge') return ending;
    return { ...ending, state: [...(ending.state ?? []), record] };
  }
}

function endedOf(): NonNullable<Open['ended']> {
  let resolve: (outcome: EndOutcome) => void = () => {};
  let reject: (error: unknown) => void = () => {};
  const promise = new Promise<EndOutcome>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  promise.catch(() => {}); // What was refused is treated as a failure whether or not anybody waits.
  return { promise, resolve, reject };
}
