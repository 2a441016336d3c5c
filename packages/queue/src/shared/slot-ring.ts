import { peek, poke } from './plain-words.ts';
import type { PlacedQueue } from './queue-place.ts';
import { takenAway } from './shared-error.ts';
import {
  claimedBy,
  full,
  isClaimed,
  isFull,
  isLeased,
  isOwned,
  leasedBy,
  ownedLap,
  ownerOf,
  parityShift,
} from './slot-word.ts';
import { refused } from './wait-for-bell.ts';

/** Of a slot, in words: its state (see slot-word), the lap of what is owned, the bytes of its message; the message. */
const lapWord = 1;
export const byteCountWord = 2;
export const messageWord = 4;

/** Instead of a number of laps: the slot was changed in the middle of the question. */
const changed = 0x7fff_ffff;

/** How many slots of each state there are. */
export interface SlotCounts {
  readonly ready: number;
  readonly claimed: number;
  readonly leased: number;
}

/**
 * A bounded ring for many producers and many consumers: each slot has a word that says whose it is (after Vyukov's bounded
 * MPMC queue, whose slots have sequence numbers; here they also have owners, so that those of the dead can be taken over).
 *
 * Positions count messages, modulo 2^32; position `p` is slot `p % capacity` in lap `p / capacity`. Whoever claims a position
 * has seen that all before it are claimed, and a claim is never taken back: the slot goes on to its next lap, with a message
 * or without. So a free slot at a consumer's position is the end of the queue.
 *
 * Each thread remembers where it was. The words `tail` and `head` only tell threads that were away where to go on: all
 * positions before `tail` are claimed, all before `head` are consumed.
 */
export class SlotRing {
  readonly #queue: PlacedQueue;
  readonly #words: Int32Array;
  readonly #member: number;
  readonly #isAlive: (member: number) => boolean;
  readonly #onPass: () => void;
  readonly #mask: number;
  readonly #shift: number;
  readonly #lapMask: number;
  readonly #first: number;
  readonly #stride: number;
  /** How far this thread may get ahead of a shared position before it moves that. */
  readonly #slack: number;
  readonly #tailWord: Int32Array;
  readonly #headWord: Int32Array;
  readonly #returns: Int32Array;
  #tail = 0;
  #head = 0;
  #seenReturns = 0;

  /** @param onPass called when a lease has passed a dead producer's claim, whose slot is free then */
  constructor(
    queue: PlacedQueue,
    member: number,
    isAlive: (member: number) => boolean,
    onPass: () => void = () => {},
  ) {
    this.#queue = queue;
    this.#words = queue.words;
    this.#member = member;
    this.#isAlive = isAlive;
    this.#onPass = onPass;
    this.#mask = queue.capacity - 1;
    this.#shift = Math.log2(queue.capacity);
    this.#lapMask = 0xffff_ffff >>> this.#shift;
    this.#first = queue.firstWord;
    this.#stride = queue.strideWords;
    this.#slack = queue.capacity >> 2;
    this.#tailWord = queue.control.tail;
    this.#headWord = queue.control.head;
    this.#returns = queue.control.returns;
    this.#tail = Atomics.load(this.#tailWord, 0);
    this.#seenReturns = Atomics.load(this.#returns, 0);
    this.#head = Atomics.load(this.#headWord, 0);
  }

  /**
   * Claims the next slot for a message.
   *
   * @returns the slot's first word, or `refused` where the ring is full
   */
  claim(): number {
    const words = this.#words;
    const hint = peek(this.#tailWord, 0);
    let at = ((hint - this.#tail) | 0) > 0 ? hint : this.#tail;
    for (;;) {
      const base = this.#first + (at & this.#mask) * this.#stride;
      const lap = at >>> this.#shift;
      const word = peek(words, base) === lap ? lap : Atomics.load(words, base);
      if (word === lap) {
        if (Atomics.compareExchange(words, base, lap, claimedBy(this.#member, lap)) !== lap) continue;
        poke(words, base + lapWord, lap);
        at = (at + 1) | 0;
        this.#tail = at;
        if (((at - hint) | 0) >= this.#slack) raise(this.#tailWord, at);
        return base;
      }
      const ahead = this.#lapsAhead(base, word, lap);
      if (ahead === changed) continue;
      if (ahead < 0) {
        this.#tail = at;
        return refused;
      }
      at = (at + 1) | 0;
    }
  }

  /** Whether a claim would succeed now: whoever got one after a wait tells the next. */
  get hasSpace(): boolean {
    const at = this.#tail;
    return this.#wordAt(at) === at >>> this.#shift;
  }

  /** The message in a claimed slot is whole. @returns its lap. @throws QuorateError `NOT_OWNER` */
  publish(base: number, byteCount: number): number {
    const words = this.#words;
    poke(words, base + byteCountWord, byteCount);
    const lap = peek(words, base + lapWord);
    const claimed = claimedBy(this.#member, lap);
    if (Atomics.compareExchange(words, base, claimed, full | lap) !== claimed)
      throw takenAway(this.#queue.name);
    return lap;
  }

  /** Takes back what was published, unless somebody has it. */
  retract(base: number, lap: number): boolean {
    const next = (lap + 1) & this.#lapMask;
    if (Atomics.compareExchange(this.#words, base, full | lap, next) !== (full | lap)) return false;
    Atomics.add(this.#queue.control.voided, 0, 1);
    return true;
  }

  /** Gives a claimed slot up: consumers pass it. */
  abandon(base: number): void {
    this.#void(base, peek(this.#words, base + lapWord));
  }

  /**
   * Leases the next message.
   *
   * @returns the slot's first word, or `refused` where there is none, or the next is still being written
   */
  lease(): number {
    for (;;) {
      const base = this.#leaseFrom(this.#lookAround());
      // Only now it is asked for sure: who gives a message back says so, then wakes those who are about to sleep.
      if (base !== refused || Atomics.load(this.#returns, 0) === this.#seenReturns) return base;
    }
  }

  /** Whether a lease would likely succeed now. */
  get hasMessage(): boolean {
    const at = this.#head;
    return this.#wordAt(at) === (full | (at >>> this.#shift));
  }

  /** A leased message is dealt with: its slot is free for the next lap. @throws QuorateError `NOT_OWNER` */
  done(base: number): void {
    const lap = peek(this.#words, base + lapWord);
    this.#letGo(base, lap, (lap + 1) & this.#lapMask);
  }

  /** A leased message goes back, for anybody to take. @throws QuorateError `NOT_OWNER` */
  giveBack(base: number): void {
    const lap = peek(this.#words, base + lapWord);
    this.#letGo(base, lap, full | lap);
    Atomics.add(this.#queue.control.redelivered, 0, 1);
    this.noteReturns();
  }

  /** Makes all consumers look again from the oldest message that is not consumed: after a death, above all. */
  noteReturns(): void {
    Atomics.add(this.#returns, 0, 1);
  }

  /**
   * Whether nothing is left to take, now or later: ask only where a lease was refused after the ring had been closed. What
   * this thread has leased does not count.
   */
  get isDrained(): boolean {
    this.#raiseHead();
    for (let at = Atomics.load(this.#headWord, 0); ; at = (at + 1) | 0) {
      const lap = at >>> this.#shift;
      const base = this.#first + (at & this.#mask) * this.#stride;
      const word = Atomics.load(this.#words, base);
      if (word === lap) return true;
      const ahead = this.#lapsAhead(base, word, lap);
      // Of an earlier lap: it was never claimed, for its slot is not free yet.
      if (ahead !== changed && ahead < 0) return true;
      if (ahead === 0 && !(isLeased(word) && ownerOf(word) === this.#member)) return false;
      if (ahead === changed) return false;
    }
  }

  /** Looks at each slot. */
  count(): SlotCounts {
    const counts = { ready: 0, claimed: 0, leased: 0 };
    for (let slot = 0; slot <= this.#mask; slot++) {
      const word = Atomics.load(this.#words, this.#first + slot * this.#stride);
      if (isFull(word)) counts.ready++;
      else if (isClaimed(word)) counts.claimed++;
      else if (isLeased(word)) counts.leased++;
    }
    return counts;
  }

  #wordAt(at: number): number {
    return Atomics.load(this.#words, this.#first + (at & this.#mask) * this.#stride);
  }

  #leaseFrom(hint: number): number {
    const words = this.#words;
    let at = this.#head;
    for (;;) {
      const base = this.#first + (at & this.#mask) * this.#stride;
      const lap = at >>> this.#shift;
      const ready = full | lap;
      const word = peek(words, base) === ready ? ready : Atomics.load(words, base);
      if (word === ready) {
        if (Atomics.compareExchange(words, base, ready, leasedBy(this.#member, lap)) !== ready) continue;
        at = (at + 1) | 0;
        this.#head = at;
        if (((at - hint) | 0) >= this.#slack) this.#raiseHead();
        return base;
      }
      if (word === lap) break;
      const ahead = this.#lapsAhead(base, word, lap);
      if (ahead === changed) continue;
      if (ahead < 0) break;
      if (ahead === 0 && isOwned(word)) {
        if (this.#isAlive(ownerOf(word))) {
          if (isClaimed(word)) break;
        } else if (isClaimed(word)) {
          this.#passClaim(base, word);
          continue;
        } else if (this.#takeOver(base, word, lap)) {
          this.#head = (at + 1) | 0;
          return base;
        } else continue;
      }
      at = (at + 1) | 0;
    }
    this.#head = at;
    return refused;
  }

  /** Leases what a dead thread had leased. */
  #takeOver(base: number, word: number, lap: number): boolean {
    if (Atomics.compareExchange(this.#words, base, word, leasedBy(this.#member, lap)) !== word) return false;
    Atomics.add(this.#queue.control.redelivered, 0, 1);
    return true;
  }

  /** Goes on from the shared position where this thread was away, or a message came back. */
  #lookAround(): number {
    const returns = peek(this.#returns, 0);
    const hint = peek(this.#headWord, 0);
    if (returns !== this.#seenReturns) {
      this.#seenReturns = returns;
      this.#head = hint;
    } else if (((hint - this.#head) | 0) > 0) this.#head = hint;
    return hint;
  }

  /** By how many laps a slot is ahead of `lap`: 0 where it is owned or full in this very lap; `changed` where it is not told. */
  #lapsAhead(base: number, word: number, lap: number): number {
    let its = word & this.#lapMask;
    if (isOwned(word)) {
      its = ownedLap(word, Atomics.load(this.#words, base + lapWord), this.#lapMask);
      if (Atomics.load(this.#words, base) !== word) return changed;
    }
    return ((its - lap) << this.#shift) >> this.#shift;
  }

  /** What a dead thread had claimed goes on to the next lap. */
  #passClaim(base: number, word: number): void {
    const own = claimedBy(this.#member, word >>> parityShift);
    // First it is this thread's own, so that nobody else who does the same writes its second word too late.
    if (Atomics.compareExchange(this.#words, base, word, own) !== word) return;
    // Only now its lap is sure: the dead may have claimed it again since, in a lap of the same parity.
    const lap = ownedLap(word, Atomics.load(this.#words, base + lapWord), this.#lapMask);
    Atomics.store(this.#words, base + lapWord, lap);
    this.#void(base, lap);
    this.#onPass();
  }

  #void(base: number, lap: number): void {
    const claimed = claimedBy(this.#member, lap);
    const next = (lap + 1) & this.#lapMask;
    if (Atomics.compareExchange(this.#words, base, claimed, next) !== claimed)
      throw takenAway(this.#queue.name);
    Atomics.add(this.#queue.control.voided, 0, 1);
  }

  #letGo(base: number, lap: number, next: number): void {
    const leased = leasedBy(this.#member, lap);
    if (Atomics.compareExchange(this.#words, base, leased, next) !== leased)
      throw takenAway(this.#queue.name);
  }

  /** Moves the shared position past what is consumed. */
  #raiseHead(): void {
    let at = Atomics.load(this.#headWord, 0);
    for (; ; at = (at + 1) | 0) {
      const lap = at >>> this.#shift;
      const base = this.#first + (at & this.#mask) * this.#stride;
      const word = Atomics.load(this.#words, base);
      const ahead = this.#lapsAhead(base, word, lap);
      if (ahead === changed || ahead < 1) break;
    }
    raise(this.#headWord, at);
  }
}

/** Moves a position forward, never back. */
function raise(word: Int32Array, to: number): void {
  let found = Atomics.load(word, 0);
  while (((to - found) | 0) > 0) {
    const before = Atomics.compareExchange(word, 0, found, to);
    if (before === found) return;
    found = before;
  }
}
