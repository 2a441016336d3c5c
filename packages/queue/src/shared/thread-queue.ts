import { errorCode, type WaitOptions } from '@quorate/core';
import { Bell } from './bell.ts';
import { Lease, type LeaseHome } from './lease.ts';
import { MessageSlot } from './message-slot.ts';
import { type PlacedQueue, findQueue, placeQueue, queueBytes } from './queue-place.ts';
import type { ThreadQueueReport } from './queue-report.ts';
import { type PlaceOptions, type RingPlace, type RingSize, checkSize } from './ring-place.ts';
import { type CheckedSeat, type Seat, checkSeat } from './seat.ts';
import { closedError } from './shared-error.ts';
import { SlotRing, byteCountWord, messageWord } from './slot-ring.ts';
import { type Wait, refused, waitAsync, waitBlocking } from './wait-for-bell.ts';

/** How a queue is made. */
export interface ThreadQueueOptions extends Seat, PlaceOptions, RingSize {}

/** Writes a message in place: exactly `slot.byteCount` bytes, and nothing of the queue is called. */
export type WriteMessage = (slot: MessageSlot, index: number) => void;

/** Reads a message in place; nothing of the queue is called. */
export type ReadMessage = (slot: MessageSlot) => void;

/** Instead of a slot: closed, and all is consumed. */
const ended = -2;

/**
 * A queue between threads, in shared memory: any number of producers, any number of consumers, each message to one of them.
 *
 * Whoever dies takes nothing with it: a message that was published is there, one that a dead consumer had leased is given to
 * another, and the slot in which a dead producer had begun to write is passed. Messages of one producer are leased in the order
 * in which it published them; what is given again comes later.
 *
 * It is bounded. Where it is full `tryPush` says so and `push` waits.
 */
export class ThreadQueue implements Disposable {
  /** Hand this to other threads. */
  readonly place: RingPlace;
  readonly name: string;
  readonly capacity: number;
  readonly messageBytes: number;
  readonly #queue: PlacedQueue;
  readonly #seat: CheckedSeat;
  readonly #ring: SlotRing;
  readonly #slot: MessageSlot;
  readonly #messages: Bell;
  readonly #spaces: Bell;
  readonly #watch: Disposable;
  readonly #home: LeaseHome = {
    done: base => this.#done(base),
    giveBack: base => {
      this.#ring.giveBack(base);
      this.#messages.ring(1);
    },
  };
  readonly #space: Wait;
  readonly #message: Wait;

  private constructor(queue: PlacedQueue, seat: CheckedSeat) {
    this.place = queue.place;
    this.name = queue.name;
    this.capacity = queue.capacity;
    this.messageBytes = queue.messageBytes;
    this.#queue = queue;
    this.#seat = seat;
    const { team, member } = seat;
    const isAlive = (id: number): boolean => team.isAlive(id as typeof member);
    this.#ring = new SlotRing(queue, member, isAlive, () => this.#spaces.ring(1));
    this.#slot = new MessageSlot(queue.place.buffer);
    this.#messages = new Bell(queue.control.messages, 0);
    this.#spaces = new Bell(queue.control.spaces, 0);
    this.#space = {
      name: queue.name,
      bell: this.#spaces,
      attempt: () => this.#claim(),
      beforeSleep: () => this.#messages.ring(Number.POSITIVE_INFINITY),
    };
    this.#message = {
      name: queue.name,
      bell: this.#messages,
      attempt: () => this.#lease(),
      beforeSleep: () => this.#spaces.ring(Number.POSITIVE_INFINITY),
    };
    this.#watch = team.watch(() => this.#sweep());
    this.#sweep(); // For those who died before anybody watched here.
  }

  /** Bytes that a queue takes. @throws RangeError */
  static bytesNeeded(size: RingSize): number {
    return queueBytes(checkSize(size));
  }

  /**
   * Makes a queue.
   *
   * @throws TypeError, RangeError; QuorateError `UNSUPPORTED` where there is no shared memory
   */
  static create(options: ThreadQueueOptions): ThreadQueue {
    const seat = checkSeat(options);
    return new ThreadQueue(placeQueue(checkSize(options), options), seat);
  }

  /** Opens a queue that another thread made. @throws TypeError where there is none; RangeError */
  static attach(place: RingPlace, seat: Seat): ThreadQueue {
    const checked = checkSeat(seat);
    return new ThreadQueue(findQueue(place), checked);
  }

  /** Puts a copy of the message in if there is room now. @throws RangeError; QuorateError `CLOSED` */
  tryPush(message: Uint8Array): boolean {
    return this.#pushTo(this.#claimFor(message.byteLength), message);
  }

  /**
   * Puts a copy of the message in, blocking the thread while there is no room.
   *
   * @throws RangeError; QuorateError `CLOSED`, `DEADLINE_EXCEEDED`, `ABORTED` where the signal has aborted before;
   *   `UNSUPPORTED` on a browser's main thread
   */
  push(message: Uint8Array, options: WaitOptions = {}): void {
    let base = this.#claimFor(message.byteLength);
    if (base === refused) base = this.#gotSpace(waitBlocking(this.#space, this.#seat, options));
    this.#pushTo(base, message);
  }

  /** The same without blocking the thread. @throws QuorateError `CLOSED`, `DEADLINE_EXCEEDED`, `ABORTED` */
  async pushAsync(message: Uint8Array, options?: WaitOptions): Promise<void> {
    let base = this.#claimFor(message.byteLength);
    if (base === refused) base = this.#gotSpace(await waitAsync(this.#space, this.#seat, options));
    this.#pushTo(base, message);
  }

  /** As {@link tryPush}, written in place. What the callback throws is thrown, and nothing is published. */
  tryWrite(byteCount: number, write: WriteMessage): boolean {
    return this.#writeTo(this.#claimFor(byteCount), byteCount, write, 0);
  }

  /** As {@link push}, written in place. */
  write(byteCount: number, write: WriteMessage, options: WaitOptions = {}): void {
    let base = this.#claimFor(byteCount);
    if (base === refused) base = this.#gotSpace(waitBlocking(this.#space, this.#seat, options));
    this.#writeTo(base, byteCount, write, 0);
  }

  /**
   * Writes up to `count` messages in place, as many as there is room for before it is closed. If the callback throws, those
   * before are published.
   *
   * @returns how many
   */
  tryWriteMany(count: number, byteCount: number, write: WriteMessage): number {
    let written = 0;
    try {
      while (written < count && this.#writeTo(this.#claimFor(byteCount), byteCount, write, written))
        written++;
    } catch (thrown) {
      // Those before are in: that it is closed is told by the next call.
      if (written === 0 || errorCode(thrown) !== 'CLOSED' || !this.isClosed) throw thrown;
    }
    return written;
  }

  /** Leases the next message, if there is one now. */
  tryTake(): Lease | undefined {
    return this.#leased(this.#lease());
  }

  /**
   * Leases the next message, blocking the thread until there is one.
   *
   * @returns undefined where the queue is closed and all is consumed
   * @throws QuorateError as {@link push} does
   */
  take(options: WaitOptions = {}): Lease | undefined {
    let base = this.#lease();
    if (base === refused) base = this.#gotMessage(waitBlocking(this.#message, this.#seat, options));
    return this.#leased(base);
  }

  /** The same without blocking the thread. */
  async takeAsync(options?: WaitOptions): Promise<Lease | undefined> {
    let base = this.#lease();
    if (base === refused) base = this.#gotMessage(await waitAsync(this.#message, this.#seat, options));
    return this.#leased(base);
  }

  /**
   * Reads up to `max` messages in place, as many as there are, each of which is done when the callback returns. If it throws, the
   * message is given back.
   *
   * @returns how many were read
   */
  tryRead(read: ReadMessage, max = 1): number {
    return this.#readFrom(this.#lease(), read, max);
  }

  /**
   * The same, blocking the thread until there is one at least.
   *
   * @returns how many were read: 0 where the queue is closed and all is consumed
   * @throws QuorateError as {@link push} does
   */
  read(read: ReadMessage, { max = 1, ...options }: WaitOptions & { readonly max?: number } = {}): number {
    let base = this.#lease();
    if (base === refused) base = this.#gotMessage(waitBlocking(this.#message, this.#seat, options));
    return this.#readFrom(base, read, max);
  }

  /** Takes no more messages. What is in can be taken; then consumers are told of the end. Harmless when repeated. */
  close(): void {
    // Whoever sees from the one bell that it is closed can rely on it that those who ring the other do.
    this.#spaces.close();
    this.#messages.close();
  }

  get isClosed(): boolean {
    return this.#messages.isClosed;
  }

  /** What it tells of itself. It looks at every slot. */
  describe(): ThreadQueueReport {
    const { name, capacity, messageBytes, isClosed } = this;
    const { redelivered, voided } = this.#queue.control;
    return {
      name,
      capacity,
      messageBytes,
      isClosed,
      ...this.#ring.count(),
      redelivered: Atomics.load(redelivered, 0) >>> 0,
      voided: Atomics.load(voided, 0) >>> 0,
    };
  }

  /** Stops watching for deaths here. What is in the queue stays; it is not closed. */
  [Symbol.dispose](): void {
    this.#watch[Symbol.dispose]();
  }

  /** After a death everybody looks anew: who was to be woken by the dead, and who passed what it had leased. */
  #sweep(): void {
    this.#ring.noteReturns();
    this.#messages.alarm();
    this.#spaces.alarm();
  }

  #claimFor(byteCount: number): number {
    if (!(byteCount >= 0 && byteCount <= this.messageBytes))
      throw new RangeError(
        `Message must have at most ${this.messageBytes} bytes for "${this.name}": received ${byteCount}`,
      );
    return this.#claim();
  }

  #claim(): number {
    if (this.#messages.looksClosed) throw closedError(this.name);
    const base = this.#ring.claim();
    if (base === refused && this.#messages.isClosed) throw closedError(this.name);
    return base;
  }

  #pushTo(base: number, message: Uint8Array): boolean {
    if (base === refused) return false;
    this.#slot.bytes.set(message, (base + messageWord) * 4);
    this.#publish(base, message.byteLength);
    return true;
  }

  #writeTo(base: number, byteCount: number, write: WriteMessage, index: number): boolean {
    if (base === refused) return false;
    this.#point(base, byteCount);
    let isWhole = false;
    try {
      write(this.#slot, index);
      isWhole = true;
    } finally {
      if (!isWhole) {
        this.#ring.abandon(base);
        this.#ringPassed();
      }
    }
    this.#publish(base, byteCount);
    return true;
  }

  /**
   * A consumer that saw the queue closed and then found no claim has gone. Whoever claims later sees it closed here, and takes
   * the message back, unless another consumer has it: then it was in time.
   */
  #publish(base: number, byteCount: number): void {
    const lap = this.#ring.publish(base, byteCount);
    if (!this.#messages.ring(1) || !this.#ring.retract(base, lap)) return;
    this.#ringPassed();
    throw closedError(this.name);
  }

  /** A slot goes on without a message. */
  #ringPassed(): void {
    this.#messages.ring(Number.POSITIVE_INFINITY);
    this.#spaces.ring(1);
  }

  #readFrom(first: number, read: ReadMessage, max: number): number {
    let count = 0;
    for (let base = first; base >= 0; base = this.#ring.lease()) {
      this.#point(base, this.#byteCountOf(base));
      let isRead = false;
      try {
        read(this.#slot);
        isRead = true;
      } finally {
        if (!isRead) this.#home.giveBack(base);
      }
      this.#done(base);
      if (++count >= max) break;
    }
    return count;
  }

  #lease(): number {
    const base = this.#ring.lease();
    if (base !== refused || !this.#messages.isClosed) return base;
    // Once more: it may have been closed behind a message.
    const last = this.#ring.lease();
    return last === refused && this.#ring.isDrained ? ended : last;
  }

  #leased(base: number): Lease | undefined {
    if (base < 0) return undefined;
    this.#point(base, this.#byteCountOf(base));
    return new Lease(this.#home, base, this.#slot.view());
  }

  #byteCountOf(base: number): number {
    return this.#queue.words[base + byteCountWord] as number;
  }

  #done(base: number): void {
    this.#ring.done(base);
    // Consumers that wait for the end look whether this was the last.
    if (this.#spaces.ring(1)) this.#messages.ring(Number.POSITIVE_INFINITY);
  }

  #gotSpace(base: number): number {
    if (this.#ring.hasSpace) this.#spaces.ring(1);
    return base;
  }

  #gotMessage(base: number): number {
    if (base === ended) this.#messages.ring(Number.POSITIVE_INFINITY);
    else if (this.#ring.hasMessage) this.#messages.ring(1);
    return base;
  }

  #point(base: number, byteCount: number): void {
    const slot = this.#slot;
    slot.wordOffset = base + messageWord;
    slot.byteOffset = slot.wordOffset * 4;
    slot.byteCount = byteCount;
  }
}
