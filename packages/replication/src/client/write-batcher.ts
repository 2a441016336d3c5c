import { type NodeId, QuorateError, type WaitOptions } from '@quorate/core';
import { answerFailed, decodeBatch, decodeError, encodeBatch } from './batch-codec.ts';

/** How questions go out: `createRequests` of `@quorate/transport` is one. */
export interface CallPort {
  request(to: NodeId, method: string, body: Uint8Array, options: WaitOptions): Promise<Uint8Array>;
}

interface Item {
  readonly body: Uint8Array;
  readonly resolve: (answer: Uint8Array) => void;
  readonly reject: (error: unknown) => void;
}

interface Batch {
  readonly items: Item[];
  byteCount: number;
}

/** What one request carries at most; one write alone may be longer. */
const batchMaxBytes = 0x4_0000;
const batchMaxCount = 4096;
const turn = Promise.resolve();

/**
 * Sends the writes of one turn to one replica in one request, for a request of its own costs more than a write. They are
 * answered together, when the last of them is.
 */
export class WriteBatcher {
  readonly #requests: CallPort;
  readonly #method: string;
  readonly #batchMethod: string;
  readonly #deadlineMs: number;
  readonly #batches = new Map<NodeId, Batch>();

  constructor(requests: CallPort, method: string, batchMethod: string, deadlineMs: number) {
    this.#requests = requests;
    this.#method = method;
    this.#batchMethod = batchMethod;
    this.#deadlineMs = deadlineMs;
  }

  /** Rejects with what the replica said, or with what became of the request. */
  send(to: NodeId, body: Uint8Array): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
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
      batch.items.push({ body, resolve, reject });
      batch.byteCount += body.length;
    });
  }

  #flush(to: NodeId, batch: Batch): void {
    if (this.#batches.get(to) !== batch) return;
    this.#batches.delete(to);
    const { items } = batch;
    const [first] = items;
    const options = { deadlineMs: this.#deadlineMs };
    if (first !== undefined && items.length === 1) {
      this.#requests.request(to, this.#method, first.body, options).then(first.resolve, first.reject);
      return;
    }
    const body = encodeBatch(items.map(item => item.body));
    this.#requests.request(to, this.#batchMethod, body, options).then(
      answer => settle(items, answer),
      error => {
        for (const item of items) item.reject(error);
      },
    );
  }
}

function settle(items: readonly Item[], answer: Uint8Array): void {
  const answers = decodeBatch(answer);
  if (answers?.length !== items.length) {
    const error = new QuorateError('UNREADABLE_ANSWER', 'The answer is none of this version');
    for (const item of items) item.reject(error);
    return;
  }
  for (const [at, item] of items.entries()) {
    const own = answers[at] as Uint8Array;
    if (own[0] === answerFailed) item.reject(decodeError(own));
    else item.resolve(own);
  }
}
