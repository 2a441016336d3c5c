import type { WaitOptions } from '@quorate/core';
import type { Bell } from './bell.ts';
import { MessageSlot } from './message-slot.ts';
import { slotHeadBytes } from './ring-place.ts';
import type { CheckedSeat } from './seat.ts';
import { closedError } from './shared-error.ts';
import type { PlacedStage, PlacedStream } from './stream-place.ts';
import { giveRole, takeRole } from './stream-role.ts';
import type { WriteMessage } from './thread-queue.ts';
import { type Wait, refused, waitAsync, waitBlocking } from './wait-for-bell.ts';

/** Words of a slot before its message; the first is the number of its bytes. */
export const headWords: number = slotHeadBytes / 4;

/**
 * The one producer of a stream. It writes into slots that nobody else looks at before it moves its cursor past them, so there is
 * nothing to compare and swap (Lamport 1977, "Concurrent reading and writing"; the Disruptor's single-producer sequencer). It
 * looks at the stages' sequences only when the slots that it knows to be free are used up.
 *
 * When its thread dies, what it had not published yet never was, and another takes over behind what it had.
 */
export class StreamProducer implements Disposable {
  readonly #stream: PlacedStream;
  readonly #seat: CheckedSeat;
  readonly #slot: MessageSlot;
  readonly #words: Int32Array;
  readonly #mask: number;
  /** The position of the next message. */
  #next: number;
  /** All stages were done with the messages before it when it was looked at last. */
  #gate: number;
  readonly #space: Wait;

  constructor(stream: PlacedStream, seat: CheckedSeat) {
    takeRole(stream.owner, seat, stream.name, 'producer');
    this.#stream = stream;
    this.#seat = seat;
    this.#slot = new MessageSlot(stream.place.buffer);
    this.#words = stream.words;
    this.#mask = stream.capacity - 1;
    this.#next = Atomics.load(stream.cursor, 0);
    this.#gate = this.#slowest();
    this.#space = {
      name: stream.name,
      bell: stream.bell,
      attempt: () => {
        this.#checkOpen();
        return this.#room(1) > 0 ? 0 : refused;
      },
    };
  }

  /** Puts a copy of the message in if there is room now. @throws RangeError; QuorateError `CLOSED` */
  tryPush(message: Uint8Array): boolean {
    this.#check(message.byteLength);
    return this.#room(1) > 0 && this.#put(message);
  }

  /**
   * Puts a copy of the message in, blocking the thread while there is no room.
   *
   * @throws RangeError; QuorateError `CLOSED`, `DEADLINE_EXCEEDED`, `ABORTED`; `UNSUPPORTED` on a browser's main thread
   */
  push(message: Uint8Array, options: WaitOptions = {}): void {
    this.#check(message.byteLength);
    if (this.#room(1) === 0) waitBlocking(this.#space, this.#seat, options);
    this.#put(message);
  }

  /** The same without blocking the thread. Await one before the next. */
  async pushAsync(message: Uint8Array, options?: WaitOptions): Promise<void> {
    this.#check(message.byteLength);
    while (this.#room(1) === 0) {
      await waitAsync(this.#space, this.#seat, options);
      this.#checkOpen(); // Stages that read all before it are gone.
    }
    this.#put(message);
  }

  /** As {@link tryPush}, written in place. What the callback throws is thrown, and nothing is published. */
  tryWrite(byteCount: number, write: WriteMessage): boolean {
    return this.tryWriteMany(1, byteCount, write) === 1;
  }

  /** As {@link push}, written in place. */
  write(byteCount: number, write: WriteMessage, options: WaitOptions = {}): void {
    this.#check(byteCount);
    if (this.#room(1) === 0) waitBlocking(this.#space, this.#seat, options);
    this.#writeAll(1, byteCount, write);
  }

  /**
   * Writes up to `count` messages in place, as many as there is room for, and publishes them in one step. If the callback
   * throws, none of them is published.
   *
   * @returns how many
   */
  tryWriteMany(count: number, byteCount: number, write: WriteMessage): number {
    this.#check(byteCount);
    const room = this.#room(count);
    if (room > 0) this.#writeAll(room, byteCount, write);
    return room;
  }

  /** The end: stages are told when they have read all. Harmless when repeated. */
  close(): void {
    for (const { bell } of [this.#stream, ...this.#stream.all]) bell.close();
  }

  /** Lets another thread be the producer. */
  [Symbol.dispose](): void {
    giveRole(this.#stream.owner, this.#seat);
  }

  #check(byteCount: number): void {
    const { messageBytes, name } = this.#stream;
    if (!(byteCount >= 0 && byteCount <= messageBytes))
      throw new RangeError(
        `Message must have at most ${messageBytes} bytes for "${name}": received ${byteCount}`,
      );
    this.#checkOpen();
  }

  #checkOpen(): void {
    if (this.#stream.bell.looksClosed) throw closedError(this.#stream.name);
  }

  /** How many of `count` slots are free. */
  #room(count: number): number {
    const { capacity } = this.#stream;
    let free = capacity - ((this.#next - this.#gate) | 0);
    if (free < count) {
      this.#gate = this.#slowest();
      free = capacity - ((this.#next - this.#gate) | 0);
    }
    return Math.min(count, free);
  }

  /** The least sequence: all stages are done with what is before it. */
  #slowest(): number {
    const { last } = this.#stream;
    let least = Atomics.load((last[0] as PlacedStage).sequence, 0);
    for (let index = 1; index < last.length; index++) {
      const sequence = Atomics.load((last[index] as PlacedStage).sequence, 0);
      if (((sequence - least) | 0) < 0) least = sequence;
    }
    return least;
  }

  #writeAll(count: number, byteCount: number, write: WriteMessage): void {
    const slot = this.#slot;
    for (let index = 0; index < count; index++) {
      const base = this.#stream.firstWord + ((this.#next + index) & this.#mask) * this.#stream.strideWords;
      this.#words[base] = byteCount;
      slot.wordOffset = base + headWords;
      slot.byteOffset = slot.wordOffset * 4;
      slot.byteCount = byteCount;
      write(slot, index);
    }
    this.#publish(count);
  }

  #put(message: Uint8Array): boolean {
    const base = this.#stream.firstWord + (this.#next & this.#mask) * this.#stream.strideWords;
    this.#words[base] = message.byteLength;
    this.#slot.bytes.set(message, (base + headWords) * 4);
    this.#publish(1);
    return true;
  }

  #publish(count: number): void {
    this.#next = (this.#next + count) | 0;
    Atomics.store(this.#stream.cursor, 0, this.#next);
    const { next } = this.#stream;
    for (let index = 0; index < next.length; index++) (next[index] as Bell).ring(Number.POSITIVE_INFINITY);
  }
}
