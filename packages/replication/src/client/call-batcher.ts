import {
  type Clock,
  errorCode,
  type NodeId,
  type Outcome,
  QuorateError,
  type WaitOptions,
} from '@quorate/core';
import { limitWait } from '../replica/call-limits.ts';
import { DeadlineBook } from '../replica/deadline-book.ts';
import { withOutcome } from '../replica/replica-error.ts';
import { Wait } from '../replica/wait.ts';
import { answerFailed, decodeBatch, decodeError, encodeBatch } from './batch-codec.ts';

/** How questions go out: `createRequests` of `@quorate/transport` is one. */
export interface CallPort {
  request(to: NodeId, method: string, body: Uint8Array, options: WaitOptions): Promise<Uint8Array>;
}

interface Item {
  readonly body: Uint8Array;
  readonly wait: Wait<Uint8Array>;
}

interface Batch {
  readonly items: Item[];
  byteCount: number;
}

/** What one request carries at most; one call alone may be longer. */
const batchMaxBytes = 0x4_0000;
const batchMaxCount = 4096;
const turn = Promise.resolve();

/** What a batcher sends, and how. */
export interface BatcherOptions {
  readonly requests: CallPort;
  /** Of one call, and of many. */
  readonly method: string;
  readonly batchMethod: string;
  /** How long a request waits for its answer. */
  readonly deadlineMs: number;
  /** What may have become of a call that is given up. */
  readonly outcome: Outcome;
  readonly clock: Clock;
}

/**
 * Sends the calls of one turn to one replica in one request, for a request of its own costs more than a call. Each has its own
 * answer or error and its own deadline; the answers come together, when the last of them is there.
 */
export class CallBatcher {
  readonly #requests: CallPort;
  readonly #method: string;
  readonly #batchMethod: string;
  readonly #deadlineMs: number;
  readonly #outcome: Outcome;
  readonly #clock: Clock;
  readonly #deadlines: DeadlineBook;
  readonly #batches = new Map<NodeId, Batch>();

  constructor({ requests, method, batchMethod, deadlineMs, outcome, clock }: BatcherOptions) {
    this.#requests = requests;
    this.#outcome = outcome;
    this.#method = method;
    this.#batchMethod = batchMethod;
    this.#deadlineMs = deadlineMs;
    this.#clock = clock;
    this.#deadlines = new DeadlineBook(clock);
  }

  /** Rejects with what the replica said, or with what became of the request. `deadlineMs` is this call's own. */
  send(to: NodeId, body: Uint8Array, deadlineMs: number | undefined): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      const wait = new Wait(resolve, reject);
      limitWait(wait, { deadlineMs }, this.#outcome, this.#clock, this.#deadlines);
      let batch = this.#batches.get(to);
      const isFull =
        batch !== undefined &&
        (batch.byteCount + body.length > batchMaxBytes || batch.items.length === batchMaxCount);
      if (batch !== undefined && isFull) this.#flush(to, batch);
      if (batch === undefined || isFull) {
        const begun: Batch = { items: [], byteCount: 0 };
        batch = begun;
        this.#batches.set(to, begun);
        void turn.then(() => this.#flush(to, begun));
      }
      batch.items.push({ body, wait });
      batch.byteCount += body.length;
    });
  }

  #flush(to: NodeId, batch: Batch): void {
    if (this.#batches.get(to) !== batch) return;
    this.#batches.delete(to);
    const { items } = batch;
    const [first] = items;
    if (first !== undefined && items.length === 1) return this.#sendAlone(to, first);
    const body = encodeBatch(items.map(item => item.body));
    this.#requests.request(to, this.#batchMethod, body, { deadlineMs: this.#deadlineMs }).then(
      answer => settle(items, answer),
      error => this.#onFailed(to, items, error),
    );
  }

  #sendAlone(to: NodeId, { body, wait }: Item): void {
    this.#requests.request(to, this.#method, body, { deadlineMs: this.#deadlineMs }).then(
      answer => wait.resolve(answer),
      error => wait.reject(error as QuorateError),
    );
  }

  #onFailed(to: NodeId, items: readonly Item[], error: unknown): void {
    const isAnswerTooLong = errorCode(error) === 'RESPONSE_TOO_LARGE';
    // What is too long together may not be so alone. A request that is too long was not sent at all.
    if (error instanceof RangeError || (isAnswerTooLong && this.#outcome === 'not-applied')) {
      for (const item of items) if (!item.wait.settled) this.#sendAlone(to, item);
      return;
    }
    // Some of those whose answers did not fit may have been refused.
    const told = isAnswerTooLong ? withOutcome(error as QuorateError, this.#outcome) : error;
    for (const { wait } of items) wait.reject(told as QuorateError);
  }
}

function settle(items: readonly Item[], answer: Uint8Array): void {
  const answers = decodeBatch(answer);
  if (answers?.length !== items.length) {
    const error = new QuorateError('UNREADABLE_ANSWER', 'The answer is none of this version');
    for (const { wait } of items) wait.reject(error);
    return;
  }
  for (let at = 0; at < items.length; at++) {
    const { wait } = items[at] as Item;
    const own = answers[at] as Uint8Array;
    if (own[0] === answerFailed) wait.reject(decodeError(own));
    else wait.resolve(own);
  }
}
