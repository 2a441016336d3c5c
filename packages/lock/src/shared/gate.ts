import type { LockWords, PlacedLock } from './lock-place.ts';
import { broken, free, memberOf, reserved } from './member-word.ts';
import { notRecoverable, takenAway } from './thread-lock-error.ts';
import { WaitingRoom, counterIndex } from './waiting-room.ts';

/** What {@link Gate.take} says where there is nothing to be had. */
export const refused = -1;

/** Who is alive. */
export type IsAlive = (member: number) => boolean;

/**
 * Words that threads take and give back, with a room to wait in: one word makes a mutex, several a semaphore.
 *
 * Barging: what is given back is free for whoever comes first, and the thread that runs usually does, which costs a tenth of
 * waking another first. Every `handOffEvery` times it is given back while somebody waits, it is handed to who has waited
 * longest instead: `id | reserved` in the word keeps everybody else out until that thread is awake. So whoever waits is
 * overtaken a bounded number of times (parking_lot, "eventual fairness", by a count instead of by time).
 *
 * Robust: the word names its owner. If that is dead, the next taker changes it to its own name in one step and knows it.
 */
export class Gate {
  readonly room: WaitingRoom;
  readonly name: string;
  readonly #owners: Int32Array;
  readonly #words: LockWords;
  /** Not 0 where somebody may wait. At hand, for it is looked at each time that something is given back. */
  readonly #waiting: Int32Array;
  readonly #slots: number;
  readonly #me: number;
  readonly #isAlive: IsAlive;
  readonly #handOffEvery: number;
  /** Where something was free last time. */
  #hint = 0;

  constructor(lock: PlacedLock, member: number, isAlive: IsAlive) {
    this.room = new WaitingRoom(lock, member);
    this.name = lock.name;
    this.#owners = lock.words.owners;
    this.#words = lock.words;
    this.#waiting = lock.words.waiting;
    this.#slots = lock.size.slots;
    this.#me = member;
    this.#isAlive = isAlive;
    this.#handOffEvery = lock.handOffEvery;
  }

  /** Takes the first word if it is free. All that a lock costs where nobody else wants it. */
  takeFree(): boolean {
    return Atomics.compareExchange(this.#owners, 0, free, this.#me) === free;
  }

  /**
   * Takes a word that is free, and none that was handed to another task of this thread.
   *
   * @returns as {@link take}
   */
  takeAnyFree(): number {
    for (let slot = 0; slot < this.#slots; slot++) {
      if (Atomics.load(this.#owners, slot) !== free) continue;
      if (Atomics.compareExchange(this.#owners, slot, free, this.#me) === free) return slot * 2;
    }
    return refused;
  }

  /** Whether the first word is free; for spinning. */
  looksFree(): boolean {
    return Atomics.load(this.#owners, 0) === free;
  }

  /**
   * Takes a word that is free, handed to this thread, or a dead thread's.
   *
   * @returns the word's index doubled, plus 1 if its owner died with it; or `refused`
   * @throws QuorateError `NOT_RECOVERABLE`
   */
  take(): number {
    for (let step = 0; step < this.#slots; step++) {
      const slot = (this.#hint + step) % this.#slots;
      const taken = this.#takeSlot(slot);
      if (taken === refused) continue;
      this.#hint = slot;
      return taken;
    }
    return refused;
  }

  /**
   * Gives a word back, and wakes who has waited longest if anybody does.
   *
   * @throws QuorateError `NOT_OWNER` where this thread was declared dead and somebody took over
   */
  release(slot: number): void {
    if (Atomics.load(this.#waiting, 0) !== 0 && this.#isHandOffDue() && this.#handOff(slot)) return;
    if (Atomics.compareExchange(this.#owners, slot, this.#me, free) !== this.#me) throw takenAway(this.name);
    // Only after: who waits looks at the word after it has said that it waits.
    if (Atomics.load(this.#waiting, 0) !== 0) this.room.wakeOldest();
  }

  /** Makes the first word unusable for ever, and tells all who wait. */
  breakDown(): void {
    if (Atomics.compareExchange(this.#owners, 0, this.#me, broken) !== this.#me) throw takenAway(this.name);
    this.room.wakeAll();
  }

  /**
   * Ends a wait. What was meant for the waiter does not stay with it: what it was handed and did not take, and, where it gives
   * up, any wake-up that it may have had.
   */
  leaveRoom(cell: number, isGivenUp: boolean): void {
    const isWoken = this.room.leave(cell);
    this.#passOn(isWoken || isGivenUp);
  }

  /** Lets others go first for a while, keeping the number in line. */
  stepAside(cell: number): void {
    this.#passOn(this.room.stepAside(cell));
  }

  /** After a death: whatever the dead were given or told goes to others. Harmless at any time, by any number of threads. */
  sweep(): void {
    this.room.clearDead(this.#isAlive);
    this.#unreserve(() => true);
    this.room.wakeAll();
    this.room.wakeWokenAgain();
  }

  /** Whether all words are this thread's own: then blocking would never end. */
  get isAllMine(): boolean {
    for (let slot = 0; slot < this.#slots; slot++)
      if (Atomics.load(this.#owners, slot) !== this.#me) return false;
    return true;
  }

  /** Who holds the word, dead or alive, or 0. */
  ownerOf(slot: number): number {
    const word = Atomics.load(this.#owners, slot);
    return (word & reserved) !== 0 ? 0 : word;
  }

  get isBroken(): boolean {
    return Atomics.load(this.#owners, 0) === broken;
  }

  #takeSlot(slot: number): number {
    let seen = Atomics.load(this.#owners, slot);
    for (;;) {
      if (seen === broken) throw notRecoverable(this.name);
      const owner = memberOf(seen);
      const isMine = seen === (this.#me | reserved);
      if (seen !== free && !isMine && this.#isAlive(owner)) return refused;
      const found = Atomics.compareExchange(this.#owners, slot, seen, this.#me);
      if (found !== seen) {
        seen = found;
        continue;
      }
      // What was only reserved for the dead, they never had.
      if (seen === free || (seen & reserved) !== 0) return slot * 2;
      this.room.count(counterIndex.takeovers);
      return slot * 2 + 1;
    }
  }

  #isHandOffDue(): boolean {
    return (Atomics.add(this.#words.turns, 0, 1) + 1) % this.#handOffEvery === 0;
  }

  /** @returns false where nobody waits, or whoever did is on its way: give it back to all */
  #handOff(slot: number): boolean {
    const { room } = this;
    const cell = room.oldest();
    if (cell < 0) return false;
    const waiter = Atomics.load(room.states, cell);
    if (waiter <= 0 || (waiter & reserved) !== 0) return false;
    const word = waiter | reserved;
    if (Atomics.compareExchange(this.#owners, slot, this.#me, word) !== this.#me) throw takenAway(this.name);
    room.count(counterIndex.handOffs);
    // The word first: a waiter that is awake without being told finds it in any case.
    if (room.wakeCell(cell, waiter)) return true;
    // It left, or took it already.
    if (Atomics.compareExchange(this.#owners, slot, word, free) === word && room.hasWaiters)
      room.wakeOldest();
    return true;
  }

  #passOn(hasWakeUp: boolean): void {
    const mine = this.#me | reserved;
    const wasHanded = this.#unreserve(word => word === mine);
    if ((wasHanded || hasWakeUp) && this.room.hasWaiters) this.room.wakeOldest();
  }

  #unreserve(isMeant: (word: number) => boolean): boolean {
    let found = false;
    for (let slot = 0; slot < this.#slots; slot++) {
      const word = Atomics.load(this.#owners, slot);
      if ((word & reserved) === 0 || word === broken || !isMeant(word)) continue;
      if (Atomics.compareExchange(this.#owners, slot, word, free) === word) found = true;
    }
    return found;
  }
}
