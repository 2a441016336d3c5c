import { wake } from '@quorate/threads';
import { block } from './blocking.ts';
import { type LockPlace, memberStride } from './lock-place.ts';
import { pause } from './pause.ts';
import { type CreateOptions, type Placed, attachPlaced, bytesFor, createPlaced } from './placing.ts';
import { QueueHold } from './queue-hold.ts';
import type { Seat } from './seat.ts';
import { ownDeadlock } from './thread-lock-error.ts';
import { checkMayBlock } from './wait-for-turn.ts';

/** A member's words: who comes after it (a slot and 1), and whether it has to wait. */
const [nextWord, waitWord] = [0, 1];

/**
 * The words of an MCS lock as one thread sees them: a queue of which the lock's own word names the last, and each member's words
 * the next. Every thread waits on a cache line of its own.
 */
export class McsCore {
  readonly #last: Int32Array;
  readonly #members: Int32Array;
  readonly #own: number;
  readonly #ownName: number;
  readonly #spins: number;
  #isTaken = false;

  constructor({ lock, seat }: Placed) {
    this.#last = lock.words.owners;
    this.#members = lock.words.members;
    this.#spins = seat.spins;
    const slot = seat.team.slotOf(seat.member);
    this.#own = slot * memberStride;
    this.#ownName = slot + 1;
  }

  /** Whether this thread has it, or waits for it: its words serve one of the two. */
  get isTaken(): boolean {
    return this.#isTaken;
  }

  take(): void {
    const members = this.#members;
    Atomics.store(members, this.#own + nextWord, 0);
    Atomics.store(members, this.#own + waitWord, 1);
    this.#isTaken = true;
    const before = Atomics.exchange(this.#last, 0, this.#ownName);
    if (before === 0) return;
    const link = (before - 1) * memberStride + nextWord;
    Atomics.store(members, link, this.#ownName);
    wake(members, link);
    this.#await(this.#own + waitWord, 1);
  }

  release(): void {
    const members = this.#members;
    this.#isTaken = false;
    if (Atomics.load(members, this.#own + nextWord) === 0) {
      if (Atomics.compareExchange(this.#last, 0, this.#ownName, 0) === this.#ownName) return;
      // Somebody comes, and has not said yet who.
      this.#await(this.#own + nextWord, 0);
    }
    const next = (Atomics.load(members, this.#own + nextWord) - 1) * memberStride + waitWord;
    Atomics.store(members, next, 0);
    wake(members, next);
  }

  #await(index: number, while_: number): void {
    for (let spin = 0; Atomics.load(this.#members, index) === while_; spin++) {
      if (spin < this.#spins) pause();
      else block(this.#members, index, while_, {});
    }
  }
}

/**
 * An MCS lock (Mellor-Crummey and Scott 1991, section 2.4), to compare with: strictly first come, first served, and each thread
 * waits on words of its own.
 *
 * Use {@link ThreadMutex}. With more threads than free cores this collapses as a {@link TicketLock} does. It knows no deadline,
 * and a thread that dies while it holds or waits blocks all others for ever. A thread has it once, in all objects of it together.
 */
export class McsLock {
  /** Hand this to other threads. */
  readonly place: LockPlace;
  readonly name: string;
  readonly #core: McsCore;

  private constructor(placed: Placed) {
    this.place = placed.lock.place;
    this.name = placed.lock.name;
    this.#core = new McsCore(placed);
  }

  /** Bytes that an MCS lock takes. */
  static bytesNeeded(team: { readonly capacity: number }): number {
    return bytesFor('MCS lock', team, 1, { waitersMax: 1 });
  }

  /** Makes an MCS lock. @throws as {@link ThreadMutex.create} */
  static create(options: CreateOptions): McsLock {
    return new McsLock(createPlaced('MCS lock', 1, { ...options, waitersMax: 1 }));
  }

  /** Opens an MCS lock that another thread made. @throws as {@link ThreadMutex.attach} */
  static attach(place: LockPlace, seat: Seat): McsLock {
    return new McsLock(attachPlaced('MCS lock', place, seat));
  }

  /** Takes the lock, blocking the thread. @throws QuorateError `DEADLOCK` where it has it; `UNSUPPORTED` on a browser's main thread */
  lock(): QueueHold {
    checkMayBlock();
    if (this.#core.isTaken) throw ownDeadlock(this.name);
    this.#core.take();
    return new QueueHold(() => this.#core.release());
  }
}
