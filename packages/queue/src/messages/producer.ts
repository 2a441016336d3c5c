import type { Durability, MessageId, NewMessage, QueuePut, WaitOptions } from '@quorate/core';

/** What a sender may say of a message. */
export interface SendOptions extends WaitOptions {
  /** Two messages with one id are one: for as long as the first is there, and `rememberMs` from when it was sent. */
  readonly id?: string;
  /** The deduplication window. Default: the producer's. */
  readonly rememberMs?: number;
  /** Not handled before so much time has passed. */
  readonly delayMs?: number;
  /** Not handled before this time, on the engine's clock. */
  readonly readyAt?: Date | number;
  /** Priority from 0, which comes first, to 15. Default: the producer's. */
  readonly lane?: number;
  /** Messages of a key are handled one after the other, in the order in which they were sent, retries included. */
  readonly key?: string;
  /** So many of the key may be handled at a time. Default 1. */
  readonly keyConcurrency?: number;
  /** Names must not begin with `~`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** A transaction of the caller's own connection: the message is there if and when it commits. */
  readonly transaction?: unknown;
}

/** What became of a message that was sent. */
export interface Sent {
  readonly id: MessageId;
  /** Whether one of this id had come before. After a lost answer that may have been this very one. */
  readonly duplicate: boolean;
  /** Where it is by now. */
  readonly durability: Durability;
}

/** Options of a producer. */
export interface ProducerOptions {
  /** Of messages that name none. Default 0. */
  readonly lane?: number;
  /**
   * For how long ids are remembered after the message is gone, so that a send whose answer was lost can be made again and does not
   * send twice. Default 60,000; 0 where the store is in this process, so that no answer is lost.
   */
  readonly rememberMs?: number;
  /** Bytes of bodies that may wait for the store. More is refused with `PRODUCER_FULL`. Default 64 MiB. */
  readonly inFlightMaxBytes?: number;
}

/** Sends messages to a queue. */
export interface Producer<Body> extends AsyncDisposable {
  readonly queue: string;
  /** Bytes of bodies that wait for the store. */
  readonly inFlightBytes: number;
  /**
   * Resolves when the message is as durable as it says. The body is encoded within the call. Messages of one producer come in in the
   * order of the calls.
   *
   * @throws TypeError, RangeError for a bad message, alone; the payload limit is in the message
   * @throws QuorateError `SEND_UNKNOWN`, `PRODUCER_FULL`, `CLOSED`, `ABORTED`, `DEADLINE_EXCEEDED`, `UNAVAILABLE`, `UNSUPPORTED`, `STORE_FULL`
   */
  send(body: Body, options?: SendOptions): Promise<Sent>;
  /**
   * Sends all, each on its own: waits until all are known and rejects as the first that failed. What has no room waits for it and is
   * encoded then, so what others send meanwhile may come in between. A `deadlineMs` is reckoned from the call.
   *
   * @param options of all, or of each
   */
  sendMany(
    bodies: readonly Body[],
    options?: SendOptions | ((body: Body, index: number) => SendOptions),
  ): Promise<readonly Sent[]>;
  /** Settles when at least half of `inFlightMaxBytes` is free: await it in a loop that does not await its sends. */
  ready(options?: WaitOptions): Promise<void>;
  /** Takes no more, and waits for what was sent; what has no answer is given up after 15 s, with `SEND_UNKNOWN`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** @throws TypeError */
export function readyAtMsOf(readyAt: Date | number): number {
  if (typeof readyAt === 'number') return readyAt;
  // One of another realm is a Date too.
  if (typeof readyAt?.getTime === 'function') return readyAt.getTime();
  throw new TypeError(
    `Time from which a message is ready must be a Date or a number of ms: received ${JSON.stringify(readyAt)}`,
  );
}

/** The put of a message. @throws TypeError, RangeError */
export function putOf(
  queue: string,
  body: Uint8Array,
  headers: Readonly<Record<string, string>>,
  options: SendOptions,
  defaults: { readonly lane: number; readonly rememberMs: number },
): QueuePut {
  const { id, delayMs, readyAt, key, keyConcurrency, lane = defaults.lane, rememberMs } = options;
  // The commonest message has none of these, and is one of very many.
  const message: { -readonly [Name in keyof NewMessage]: NewMessage[Name] } = { body, headers };
  if (id !== undefined) {
    message.id = id as MessageId;
    message.rememberMs = rememberMs ?? defaults.rememberMs;
  } else if (rememberMs !== undefined) message.rememberMs = rememberMs;
  if (lane !== 0) message.lane = lane;
  if (key !== undefined) message.key = key;
  if (keyConcurrency !== undefined) message.keyActiveMax = keyConcurrency;
  if (delayMs !== undefined) message.delayMs = delayMs;
  if (readyAt !== undefined) message.readyAtMs = readyAtMsOf(readyAt);
  return { queue, message };
}
