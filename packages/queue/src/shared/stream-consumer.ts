import type { WaitOptions } from '@quorate/core';
import type { Bell } from './bell.ts';
import { MessageSlot } from './message-slot.ts';
import type { CheckedSeat } from './seat.ts';
import type { PlacedStage, PlacedStream } from './stream-place.ts';
import { headWords } from './stream-producer.ts';
import { giveRole, takeRole } from './stream-role.ts';
import type { ReadMessage } from './thread-queue.ts';
import { type Wait, refused, waitAsync, waitBlocking } from './wait-for-bell.ts';

/** How a stage waits for messages. */
export interface ReadOptions extends WaitOptions {
  /** The most messages of one call. They are done together: after a death all of them are read again. Default: all there are. */
  readonly max?: number | undefined;
}

/** What a stage attempts: messages are there, or the end is. */
const [some, ended] = [1, 0];

/**
 * The one thread that is a stage of a stream now. It reads each message, in order, behind the stages that it comes after (the
 * Disruptor's sequence barrier). When its thread dies, another takes the stage over where it had got to: messages of the call
 * that it was in are read again.
 */
export class StreamConsumer implements Disposable {
  readonly stage: string;
  readonly #stream: PlacedStream;
  readonly #placed: PlacedStage;
  readonly #seat: CheckedSeat;
  readonly #slot: MessageSlot;
  readonly #words: Int32Array;
  readonly #mask: number;
  /** The position of the next message. */
  #next: number;
  /** The messages before it were there when it was looked at last. */
  #limit: number;
  readonly #messages: Wait;

  constructor(stream: PlacedStream, stage: PlacedStage, seat: CheckedSeat) {
    takeRole(stage.owner, seat, stream.name, `stage "${stage.name}"`);
    this.stage = stage.name;
    this.#stream = stream;
    this.#placed = stage;
    this.#seat = seat;
    this.#slot = new MessageSlot(stream.place.buffer);
    this.#words = stream.words;
    this.#mask = stream.capacity - 1;
    this.#next = Atomics.load(stage.sequence, 0);
    this.#limit = this.#next;
    this.#messages = {
      name: stream.name,
      bell: stage.bell,
      attempt: () => this.#look(),
    };
  }

  /**
   * Reads the messages that are there, up to `max`, in place. If the callback throws, the stage is done with those before.
   *
   * @returns how many
   */
  tryRead(read: ReadMessage, max: number = Number.POSITIVE_INFINITY): number {
    if (this.#next === this.#limit && this.#look() !== some) return 0;
    return this.#readAll(read, max);
  }

  /**
   * The same, blocking the thread until there is one at least.
   *
   * @returns how many: 0 where the stream is closed and all is read
   * @throws QuorateError `DEADLINE_EXCEEDED`, `ABORTED`; `UNSUPPORTED` on a browser's main thread
   */
  read(read: ReadMessage, options: ReadOptions = {}): number {
    if (this.#next === this.#limit && waitBlocking(this.#messages, this.#seat, options) === ended) return 0;
    return this.#readAll(read, options.max);
  }

  /** The same without blocking the thread. Await one before the next. */
  async readAsync(read: ReadMessage, options: ReadOptions = {}): Promise<number> {
    if (this.#next === this.#limit && (await waitAsync(this.#messages, this.#seat, options)) === ended)
      return 0;
    return this.#readAll(read, options.max);
  }

  /** Lets another thread be this stage. */
  [Symbol.dispose](): void {
    giveRole(this.#placed.owner, this.#seat);
  }

  #look(): number {
    this.#limit = this.#reached();
    if (this.#limit !== this.#next) return some;
    if (!this.#placed.bell.isClosed) return refused;
    // Once more: it may have been closed behind a message.
    this.#limit = this.#reached();
    if (this.#limit !== this.#next) return some;
    return Atomics.load(this.#stream.cursor, 0) === this.#next ? ended : refused;
  }

  /** The messages before it can be read. */
  #reached(): number {
    const { after } = this.#placed;
    if (after.length === 0) return Atomics.load(this.#stream.cursor, 0);
    let limit = Atomics.load((after[0] as PlacedStage).sequence, 0);
    for (let index = 1; index < after.length; index++) {
      const done = Atomics.load((after[index] as PlacedStage).sequence, 0);
      if (((done - limit) | 0) < 0) limit = done;
    }
    return limit;
  }

  #readAll(read: ReadMessage, max = Number.POSITIVE_INFINITY): number {
    const slot = this.#slot;
    const { firstWord, strideWords } = this.#stream;
    const count = Math.min((this.#limit - this.#next) | 0, max);
    let done = 0;
    try {
      for (; done < count; done++) {
        const base = firstWord + ((this.#next + done) & this.#mask) * strideWords;
        slot.wordOffset = base + headWords;
        slot.byteOffset = slot.wordOffset * 4;
        slot.byteCount = this.#words[base] as number;
        read(slot);
      }
    } finally {
      if (done > 0) {
        this.#next = (this.#next + done) | 0;
        Atomics.store(this.#placed.sequence, 0, this.#next);
        const { next } = this.#placed;
        for (let index = 0; index < next.length; index++)
          (next[index] as Bell).ring(Number.POSITIVE_INFINITY);
      }
    }
    return done;
  }
}
