import type { FencingToken, MessageId, WaitOptions } from '@quorate/core';
import { deadEnding, errorHeaders } from '../dead-letters/cause.ts';
import type { Delivery, Ending, Following } from '../working/ending.ts';
import type { EndOutcome, Message, RetryOptions } from './message.ts';

/** What a message needs of whoever handed it out. */
export interface MessageSource {
  readonly deadLetters: string;
  retryDelayMs(attempt: number): number;
  /** The message ends so, unless it had ended. Settles when that is settled, or the wait is over. */
  end(delivery: Delivery, ending: Ending, options?: WaitOptions): Promise<EndOutcome>;
}

const acknowledge: Ending = { type: 'acknowledge' };

/** A delivery as a consumer sees it. */
export class ConsumedMessage<Body> implements Message<Body> {
  readonly body: Body;
  readonly #delivery: Delivery;
  readonly #source: MessageSource;

  constructor(delivery: Delivery, body: Body, source: MessageSource) {
    this.body = body;
    this.#delivery = delivery;
    this.#source = source;
  }

  get id(): MessageId {
    return this.#delivery.message.id;
  }

  get queue(): string {
    return this.#delivery.message.queue;
  }

  get headers(): Readonly<Record<string, string>> {
    return this.#delivery.message.headers;
  }

  get lane(): number {
    return this.#delivery.message.lane;
  }

  get key(): string | undefined {
    return this.#delivery.message.key;
  }

  get token(): FencingToken {
    return this.#delivery.message.token;
  }

  get attempt(): number {
    return this.#delivery.attempt;
  }

  get deliveryCount(): number {
    return this.#delivery.message.deliveryCount;
  }

  get sentAtMs(): number {
    return this.#delivery.message.putAtMs;
  }

  get signal(): AbortSignal {
    return this.#delivery.signal;
  }

  ack(following?: Following, options?: WaitOptions): Promise<EndOutcome> {
    const ending: Ending = following === undefined ? acknowledge : { ...following, type: 'acknowledge' };
    return this.#source.end(this.#delivery, ending, options);
  }

  retry({
    delayMs = this.#source.retryDelayMs(this.attempt),
    headers,
    ...options
  }: RetryOptions = {}): Promise<EndOutcome> {
    return this.#source.end(this.#delivery, { type: 'retry', delayMs, ...(headers && { headers }) }, options);
  }

  deadLetter(reason?: unknown, options?: WaitOptions): Promise<EndOutcome> {
    const { message, attempt } = this.#delivery;
    const from = { queue: message.queue, deliveryCount: message.deliveryCount, attemptCount: attempt };
    const headers = reason === undefined ? {} : errorHeaders(reason);
    const ending = deadEnding(this.#source.deadLetters, from, 'rejected', headers);
    return this.#source.end(this.#delivery, ending, options);
  }
}
