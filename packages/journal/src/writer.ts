import { type DiskFile, type Done, errorCode, type QuorateError } from '@quorate/core';
import { type Batch, operationBytesMax } from './batch.ts';
import { BatchQueue } from './batch-queue.ts';
import { alignBytes, type Position, positionOf } from './format/position.ts';
import { busy, closed, failed } from './journal-error.ts';
import type { JournalLimits } from './journal-options.ts';
import type { Operation } from './operation.ts';
import type { Segments } from './segments.ts';
import type { TailMemory } from './tail-memory.ts';

/** Where the chain of batches stands. */
export interface ChainEnd {
  /** The sum of the last batch's header. */
  readonly sum: number;
  readonly number: number;
  /** Where the last batch ends. */
  readonly durable: Position;
}

/** Its reactions run as microtasks, without the resource that Node's `queueMicrotask` makes for each. */
const turn = Promise.resolve();

/**
 * Group commit: one write and one sync at a time, and everything that is submitted meanwhile is the next batch. Where the
 * disk is done at once, no promise is made and the whole queue is written in one turn.
 *
 * A batch is written in the microtask after its first operation, so what is submitted in one turn shares a sync.
 */
export class Writer {
  readonly #segments: Segments;
  readonly #queue: BatchQueue;
  readonly #pendingBytesMax: number;
  #sum: number;
  #durable: Position;
  #scheduled = false;
  #busy = false;
  #failure: QuorateError | undefined;
  #closed = false;
  #onIdle: (() => void)[] = [];
  /** The oldest segment that is needed, as the next batch says it. */
  oldest: number;

  constructor(segments: Segments, memory: TailMemory, limits: JournalLimits, end: ChainEnd) {
    this.#segments = segments;
    this.#queue = new BatchQueue(segments.salt, memory, limits.batchMaxBytes, end.number);
    this.#pendingBytesMax = limits.pendingBytesMax;
    this.#sum = end.sum;
    this.#durable = end.durable;
    this.oldest = segments.list.oldest.number;
  }

  /** Why nothing can be written any more, if so. */
  get over(): QuorateError | undefined {
    if (this.#failure !== undefined) return failed(this.#failure.cause, 'not-applied');
    return this.#closed ? closed() : undefined;
  }

  /** Like {@link submit}, for what a user writes: it is refused where too much waits already. */
  write(operation: Operation, byteCount: number): Promise<void> {
    const { pendingBytes } = this.#queue;
    if (pendingBytes > 0 && pendingBytes + byteCount > this.#pendingBytesMax) {
      return Promise.reject(this.over ?? busy(this.#pendingBytesMax));
    }
    return this.submit(operation, byteCount);
  }

  /** Resolves when the operation is durable and applied. Never throws at the call. */
  submit(operation: Operation, byteCount: number = operationBytesMax(operation)): Promise<void> {
    const { over } = this;
    if (over !== undefined) return Promise.reject(over);
    return new Promise((resolve, reject) => {
      this.#queue.add(operation, byteCount, resolve, reject);
      if (this.#busy || this.#scheduled) return;
      this.#scheduled = true;
      void turn.then(this.#start);
    });
  }

  /** Ends the journal: everything that waits is rejected. */
  fail(cause: unknown): void {
    if (this.#failure !== undefined) return;
    this.#failure = failed(cause, 'unknown');
    this.#queue.rejectAll(() => failed(cause, 'not-applied'));
  }

  /** Refuses what is submitted from now on, and resolves when nothing waits and nothing is under way. */
  async close(): Promise<void> {
    this.#closed = true;
    while (this.#busy || this.#scheduled || this.#queue.first !== undefined) {
      await new Promise<void>(resolve => this.#onIdle.push(resolve));
    }
  }

  readonly #start = (): void => {
    this.#scheduled = false;
    if (!this.#busy) this.#pump();
  };

  #pump(): void {
    try {
      this.#writeQueue();
    } catch (error) {
      this.fail(error);
    }
    if (this.#busy) return;
    for (const wake of this.#onIdle.splice(0)) wake();
  }

  /** Writes until the queue is empty or the disk takes its time. */
  #writeQueue(): void {
    while (this.#failure === undefined) {
      const batch = this.#queue.first;
      if (batch === undefined) return;
      if (!this.#segments.fits(batch.bytes, batch.control) && !this.#segments.roll(batch.bytes)) {
        this.#wait(this.#segments.prepare(batch.bytes), () => undefined, this.#onPrepareFailed);
        return;
      }
      this.#queue.take();
      const place = positionOf(this.#segments.active.number, this.#segments.active.offset);
      let done: Done;
      try {
        done = this.#commit(batch, place);
      } catch (error) {
        this.#onCommitFailed(batch, error);
        continue;
      }
      if (done !== undefined) {
        const settle = (): void => this.#settle(batch, place);
        this.#wait(done, settle, error => this.#onCommitFailed(batch, error));
        return;
      }
      this.#settle(batch, place);
    }
  }

  #wait(done: Promise<void>, onDone: () => void, onFailed: (error: unknown) => void): void {
    this.#busy = true;
    const go = (): void => {
      this.#busy = false;
      this.#pump();
    };
    const failAndGo = (error: unknown): void => {
      this.fail(error);
      go();
    };
    void done.then(onDone, onFailed).then(go, failAndGo);
  }

  /** Writes and syncs. */
  #commit(batch: Batch, position: Position): Done {
    const { active, salt } = this.#segments;
    const file = active.file;
    if (file === undefined) throw new Error(`Segment ${active.number} is not open for writing`);
    const place = { before: this.#sum, position, durable: this.#durable, oldest: this.oldest };
    const sum = batch.seal(salt, place);
    const done =
      file.writeDurably === undefined
        ? writeAndSync(file, batch.chunks(), active.offset)
        : // Nothing else of the segment waits for a sync: each batch is durable before the next is written.
          file.writeDurably(batch.chunks(), active.offset);
    if (done !== undefined) return done.then(() => void (this.#sum = sum));
    this.#sum = sum;
    return undefined;
  }

  /** Applies what is durable. It does not throw: a fault in here must neither hang a caller nor let anything go on. */
  #settle(batch: Batch, position: Position): void {
    try {
      this.#apply(batch, position);
    } catch (error) {
      for (const waiter of batch.waiters) waiter.reject(failed(error, 'unknown'));
      this.fail(error);
    }
  }

  #apply(batch: Batch, position: Position): void {
    this.#queue.settled(batch);
    this.#segments.active.offset += batch.bytes;
    this.#durable = position + batch.bytes / alignBytes;
    batch.remember(position);
    for (const waiter of batch.waiters) waiter.operation.group.apply(waiter, batch, position);
    for (const waiter of batch.waiters) waiter.resolve();
    this.#segments.prepareEarly();
  }

  #onCommitFailed(batch: Batch, error: unknown): void {
    // Of a journal that failed meanwhile, nothing is tried again.
    if (errorCode(error) === 'STORAGE_FULL' && this.#failure === undefined) {
      this.#queue.putBack(batch);
      this.#queue.refuse(error);
      return;
    }
    for (const waiter of batch.waiters) waiter.reject(failed(error, 'unknown'));
    this.fail(error);
  }

  readonly #onPrepareFailed = (error: unknown): void => {
    if (errorCode(error) === 'STORAGE_FULL') this.#queue.refuse(error);
    else this.fail(error);
  };
}

function writeAndSync(file: DiskFile, chunks: readonly Uint8Array[], offset: number): Done {
  const written = file.write(chunks, offset);
  return written === undefined ? sync(file) : syncAfter(written, file);
}

function sync(file: DiskFile): Done {
  try {
    return file.sync()?.catch(failSync);
  } catch (error) {
    return failSync(error);
  }
}

async function syncAfter(written: Promise<void>, file: DiskFile): Promise<void> {
  await written;
  try {
    await file.sync();
  } catch (error) {
    failSync(error);
  }
}

/** A sync that finds no room is no full disk that passes: all of what it should have made durable may be on disk already. */
function failSync(error: unknown): never {
  throw errorCode(error) === 'STORAGE_FULL' ? new Error('A sync found no room', { cause: error }) : error;
}
