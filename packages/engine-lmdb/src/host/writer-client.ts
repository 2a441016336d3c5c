import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import type { QuorateError } from '@quorate/core';
import { notDurable, unavailable } from '../store-failure.ts';
import type { StoreRequest, Wake } from '../store-request.ts';
import { isLazy } from '../queue/queue-request.ts';
import type { InlineAnswer, InlineWriter } from './inline-writer.ts';
import type { DatabaseOptions } from './open-database.ts';
import type { LogGap } from './queue-log.ts';
import { SettledLater } from './settled-later.ts';
import { haltAtExit } from './writer-phase.ts';
import { siblingUrl } from './sibling-url.ts';
import { fromWire } from './wire-failure.ts';
import { packBatch, unpackResults } from './packed-batch.ts';
import type {
  PackedAnswer,
  PackedEarly,
  WriterAnswer,
  WriterMessage,
  WriterOpened,
  WriterResult,
} from './writer-protocol.ts';

/** How many batches are with the writer: while it commits one, the next waits there already. */
const batchesMax = 2;

/** How many requests are committed together: bounds how long others wait for the write lock. */
const batchMax = 256;

/** How long closing waits for the write lock, ms. */
const closeMs = 5000;

/** How often to look whether the write lock is free, a turn of the event loop between, before the writer is to wait for it. */
const looksMax = 20;

export interface WriterClientOptions extends DatabaseOptions {
  /** The store's own folder, in which the database's lies. */
  readonly parent: string;
  readonly host: string;
  readonly maxBytes: number;
  /** How long to wait for the writer to have opened the database. */
  readonly openMs: number;
  /** The folder of the log that makes the database durable; see `QueueLog`. */
  readonly log: string | undefined;
  /** Told of a checkpoint of the log that is due, by its number. */
  readonly onCheckpoint: (number: number) => void;
  /** Told whom to wake after each commit. */
  readonly onWakes: (wakes: readonly Wake[]) => void;
}

interface Waiting {
  readonly request: StoreRequest;
  readonly signal: AbortSignal | undefined;
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * A thread's way to its writer. What is asked for in one turn of the event loop is committed together, and so is what comes while
 * a commit is under way: the more there is to do, the less each takes.
 */
export class WriterClient implements AsyncDisposable {
  readonly #options: WriterClientOptions;
  readonly #worker: Worker;
  readonly #port: MessagePort;
  readonly #bell = new Int32Array(new SharedArrayBuffer(8));
  #waiting: Waiting[] = [];
  readonly #sent: Waiting[][] = [];
  #isScheduled = false;
  #inline: InlineWriter | undefined;
  /** How often in a row the lock was seen to be taken. */
  #lookedCount = 0;
  /** Batches that were committed in this thread and wait for the disk. */
  readonly #syncing = new Set<readonly Waiting[]>();
  #onSettled: (() => void) | undefined;
  readonly #halting: Disposable;
  #failure: QuorateError | undefined;
  readonly #opened = new SettledLater();
  readonly #exited = new SettledLater();
  readonly #abandoned = new SettledLater();

  constructor(options: WriterClientOptions) {
    this.#options = options;
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    const { folder, parent, durability, maxBytes, host, log } = options;
    this.#worker = new Worker(siblingUrl('writer', import.meta.url), {
      workerData: { port: port2, bell: this.#bell.buffer, folder, parent, durability, maxBytes, host, log },
      transferList: [port2],
    });
    this.#worker.on('error', thrown => this.#fail('The writer of the store failed', thrown));
    this.#worker.on('exit', () => {
      this.#halting[Symbol.dispose]();
      // Its end may be heard of before its last words.
      for (let last = receiveMessageOnPort(port1); last !== undefined; last = receiveMessageOnPort(port1)) {
        this.#onMessage(last.message);
      }
      this.#fail('The writer of the store has ended');
      this.#exited.resolve();
    });
    this.#port.on('message', this.#onMessage);
    this.#worker.unref();
    this.#halting = haltAtExit(this.#bell);
  }

  /** Settles once the database is open. @throws QuorateError */
  async opened(): Promise<void> {
    this.#port.ref();
    const timer = setTimeout(() => {
      const message = `The database was not open within ${this.#options.openMs} ms: another process may hold its write lock`;
      this.#opened.reject(unavailable(message, 'not-applied'));
    }, this.#options.openMs);
    try {
      await this.#opened.promise;
    } finally {
      clearTimeout(timer);
      this.#port.unref();
    }
  }

  /** Has a request carried out. One that nobody waits for any more is refused, unless it is with the writer. */
  ask<Result>(request: StoreRequest, signal?: AbortSignal): Promise<Result> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ request, signal, resolve: resolve as (value: unknown) => void, reject });
      if (this.#isScheduled) return;
      this.#isScheduled = true;
      // What is asked for in the same turn goes along.
      queueMicrotask(this.#flush);
    });
  }

  /** Settles when nothing is under way, or is not awaited any more. Nobody may ask for more. */
  async settled(): Promise<void> {
    const timer = setTimeout(() => this.abandon(), closeMs);
    while (this.#sent.length + this.#waiting.length + this.#syncing.size > 0) {
      await new Promise<void>(resolve => {
        this.#onSettled = resolve;
      });
    }
    clearTimeout(timer);
  }

  /** Closes the database, which is not awaited any more after a while: another process may hold the write lock for ever. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#failure === undefined) {
      this.#worker.ref();
      this.#send('close');
      const timer = setTimeout(() => this.abandon(), closeMs);
      await Promise.race([this.#exited.promise, this.#abandoned.promise]);
      clearTimeout(timer);
    }
    this.#port.close();
    this.#inline?.[Symbol.dispose]();
  }

  /**
   * Gives the writer up, which may be waiting for the write lock: nothing can end that. It is not terminated, for then it would
   * die with the lock in its hand; it closes the database by itself once it has it.
   */
  abandon(): void {
    this.#fail('The writer of the store was given up');
    this.#send('close');
    this.#port.close();
    this.#worker.unref();
    this.#abandoned.resolve();
  }

  /** From now on commits in this thread whenever it can. */
  commitInline(inline: InlineWriter): void {
    this.#inline = inline;
  }

  readonly #flush = (): void => {
    this.#isScheduled = false;
    if (this.#inline !== undefined && this.#sent.length === 0 && !this.#flushInline(this.#inline)) return;
    this.#lookedCount = 0;
    while (this.#sent.length < batchesMax && this.#waiting.length > 0 && this.#failure === undefined) {
      const batch = awaitedOf(this.#waiting.splice(0, batchMax));
      if (batch.length === 0) continue;
      if (this.#sent.push(batch) === 1) this.#port.ref();
      const packed = packBatch(requestsOf(batch));
      this.#send(packed, [packed.bytes.buffer]);
    }
    // What was refused here has no answer that would say that nothing is left.
    if (this.#sent.length === 0 && this.#waiting.length === 0) this.#onSettled?.();
  };

  /** Commits what waits, as long as nobody else writes. False where it goes on by itself in a later turn. */
  #flushInline(inline: InlineWriter): boolean {
    while (this.#waiting.length > 0 && this.#failure === undefined) {
      const later = inline.turn();
      if (later !== undefined) return this.#flushLater(later);
      const batch = this.#waiting.slice(0, batchMax);
      const awaited = awaitedOf(batch);
      const answer = inline.run(requestsOf(awaited));
      if (answer === 'left') return true;
      if (answer === 'taken') {
        // Whoever has the lock mostly has it for some microseconds, which is less than the way to the writer.
        if (++this.#lookedCount > looksMax) return true;
        return this.#flushLater(new Promise(resolve => setImmediate(resolve)));
      }
      this.#lookedCount = 0;
      this.#waiting.splice(0, batch.length);
      this.#settleInline(awaited, answer);
    }
    return true;
  }

  /** What need not be on disk is settled at once. */
  #settleInline(batch: readonly Waiting[], { durable, ...answer }: InlineAnswer): void {
    if (durable === undefined) {
      this.#settle(batch, answer);
      return;
    }
    if (answer.wakes.length > 0) this.#options.onWakes(answer.wakes);
    const waiting: (readonly [Waiting, WriterResult])[] = [];
    for (const [index, each] of batch.entries()) {
      const result = answer.results[index] as WriterResult;
      if (isLazy(each.request)) settle(each, result);
      else waiting.push([each, result]);
    }
    this.#syncing.add(batch);
    void durable.then(gap => {
      this.#syncing.delete(batch);
      if (gap !== undefined) this.#onGap(gap);
      for (const [each, result] of waiting) {
        if (gap === undefined) settle(each, result);
        else each.reject(notDurable(gap.thrown));
      }
      this.#onSettled?.();
    });
  }

  /** Has the log put in order at once, before somebody opens it who hears nothing of the failure; here nobody goes on behind it. */
  #onGap(gap: LogGap): void {
    if (this.#failure === undefined) this.#send({ suspect: gap.number });
    this.#inline?.suspect(gap);
  }

  #flushLater(later: Promise<void>): false {
    this.#isScheduled = true;
    void later.then(this.#flush);
    return false;
  }

  #settle(batch: readonly Waiting[], { results, wakes, checkpoint }: WriterAnswer): void {
    if (checkpoint !== undefined) this.#options.onCheckpoint(checkpoint);
    // Whoever waits for a wake-up in another process waits longest.
    if (wakes.length > 0) this.#options.onWakes(wakes);
    for (const [index, waiting] of batch.entries()) settle(waiting, results[index] as WriterResult);
    this.#onSettled?.();
  }

  #send(message: WriterMessage, moved: ArrayBuffer[] = []): void {
    this.#port.postMessage(message, moved);
    Atomics.add(this.#bell, 0, 1);
    Atomics.notify(this.#bell, 0);
  }

  readonly #onMessage = (message: PackedAnswer | PackedEarly | WriterOpened): void => {
    if ('opened' in message) {
      if (message.opened === undefined) this.#opened.resolve();
      else this.#opened.reject(fromWire(message.opened));
      return;
    }
    if ('early' in message) {
      this.#onEarly(message);
      return;
    }
    // Whoever opens that file now hears nothing of the failure.
    if (message.suspected !== undefined)
      this.#inline?.suspect({ number: message.suspected, thrown: new Error('A sync of the log has failed') });
    const batch = this.#sent.shift();
    if (this.#sent.length === 0) this.#port.unref();
    // Nobody waits any more for an answer that comes after a failure; others are woken all the same.
    if (batch === undefined) this.#settle([], { ...message, results: [] });
    else this.#settle(batch, { ...message, results: unpackResults(requestsOf(batch), message.results) });
    this.#flush();
  };

  #onEarly({ places, early, wakes }: PackedEarly): void {
    if (wakes.length > 0) this.#options.onWakes(wakes);
    const batch = this.#sent[0] ?? [];
    const waiting = places.map(place => batch[place]).filter(each => each !== undefined);
    if (waiting.length < places.length) return;
    for (const [index, result] of unpackResults(requestsOf(waiting), early).entries()) {
      settle(waiting[index] as Waiting, result);
    }
  }

  /** Nothing can be changed any more from this thread; what was with the writer, or waits for the disk, may have been carried out. */
  #fail(message: string, cause?: unknown): void {
    if (this.#failure !== undefined) return;
    this.#failure = unavailable(message, 'not-applied', cause);
    this.#opened.reject(this.#failure);
    this.#opened.promise.catch(() => {});
    for (const { reject } of [...this.#sent, ...this.#syncing].flat())
      reject(unavailable(message, 'unknown', cause));
    for (const { reject } of this.#waiting) reject(this.#failure);
    this.#sent.length = 0;
    this.#syncing.clear();
    this.#waiting = [];
    this.#onSettled?.();
    this.#port.unref();
  }
}

/** Those that somebody waits for. The others are refused: whoever counts on their end need not wait for it in vain. */
function awaitedOf(batch: readonly Waiting[]): Waiting[] {
  return batch.filter(({ signal, reject }) => {
    if (signal?.aborted === true)
      reject(unavailable('The call was given up before it was sent', 'not-applied'));
    return signal?.aborted !== true;
  });
}

function requestsOf(batch: readonly Waiting[]): StoreRequest[] {
  return batch.map(({ request }) => request);
}

function settle({ resolve, reject }: Waiting, result: WriterResult): void {
  if ('thrown' in result) reject(fromWire(result.thrown));
  else resolve(result.value);
}
