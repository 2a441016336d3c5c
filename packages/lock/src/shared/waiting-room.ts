import type { LockWords, PlacedLock } from './lock-place.ts';
import { free, memberOf, reserved, woken } from './member-word.ts';
import { tooManyWaiters } from './thread-lock-error.ts';

/** What is counted in shared memory, off the fast path. */
export const counterIndex = { waits: 0, wakes: 1, handOffs: 2, takeovers: 3 } as const;

/**
 * Where threads wait: a cell for each, with its number in line.
 *
 * A cell's word is what its waiter parks on, and names it, so that the cell of a dead thread can be told and cleared:
 *
 *   0               free
 *   id | reserved   being moved into, or its waiter has stepped aside: nobody wakes it
 *   id              waits
 *   id | woken      was told to look; whoever told it takes it for awake and wakes nobody else
 *
 * A waiter that leaves while it is `woken` has a wake-up that was meant for somebody who still wants it: it passes it on. So
 * does the sweep for a waiter that died. That, and that `waiting` is set before a waiter looks for the last time, is why none
 * is lost. A cell per waiter, rather than all on one word, lets a waiter leave from anywhere and leave nothing behind.
 */
export class WaitingRoom {
  readonly states: Int32Array;
  /** Who this thread is. */
  readonly member: number;
  readonly #words: LockWords;
  readonly #cells: number;
  readonly #name: string;

  constructor({ words, size, name }: PlacedLock, member: number) {
    this.states = words.states;
    this.member = member;
    this.#words = words;
    this.#cells = size.cells;
    this.#name = name;
  }

  /** Whether somebody may be waiting. A free read on the way out of a lock. */
  get hasWaiters(): boolean {
    return Atomics.load(this.#words.waiting, 0) !== 0;
  }

  /**
   * Takes a place at the end of the line. Look at what is waited for once more before going to sleep.
   *
   * @returns the cell
   * @throws QuorateError `TOO_MANY_WAITERS`
   */
  enter(): number {
    const { states, tickets, lastTicket } = this.#words;
    const cell = this.#claim();
    Atomics.store(tickets, cell, Atomics.add(lastTicket, 0, 1));
    Atomics.store(states, cell, this.member);
    this.#announce();
    this.count(counterIndex.waits);
    return cell;
  }

  /** Waits on after being woken, with the same number in line. Look once more before going to sleep. */
  stay(cell: number): void {
    Atomics.store(this.states, cell, this.member);
    this.#announce();
  }

  /** Gives the cell back. @returns whether it was woken: a wake-up to use or to pass on */
  leave(cell: number): boolean {
    return Atomics.exchange(this.states, cell, free) < 0;
  }

  /** Wakes this thread's own waiter, so that it looks whether it still wants to wait. @returns false where it had been woken */
  rouse(cell: number): boolean {
    return this.#wake(cell, this.member);
  }

  /** Whether this thread's own waiter has not been woken. */
  isAsleep(cell: number): boolean {
    return Atomics.load(this.states, cell) === this.member;
  }

  /** Lets others be woken. @returns whether it was woken itself: a wake-up to pass on */
  stepAside(cell: number): boolean {
    return Atomics.exchange(this.states, cell, this.member | reserved) < 0;
  }

  /** Waits again with the same number in line, and looks at once. */
  comeBack(cell: number): void {
    this.stay(cell);
    this.rouse(cell);
  }

  /** Wakes who has waited longest. @returns whether there was anybody */
  wakeOldest(): boolean {
    for (;;) {
      const cell = this.oldest();
      if (cell < 0) {
        if (this.#quiet()) return false;
      } else if (this.#wake(cell, Atomics.load(this.states, cell))) return true;
    }
  }

  /** Wakes everybody who waits now. */
  wakeAll(): void {
    const top = this.#top();
    for (let cell = 0; cell < top; cell++) {
      const state = Atomics.load(this.states, cell);
      if (isWaiting(state)) this.#wake(cell, state);
    }
  }

  /** Wakes who was told to look by a thread that died before it had woken them. */
  wakeWokenAgain(): void {
    const top = this.#top();
    for (let cell = 0; cell < top; cell++)
      if (Atomics.load(this.states, cell) < 0) Atomics.notify(this.states, cell);
  }

  /** The cell that has waited longest and is asleep, or -1. */
  oldest(): number {
    const { states, tickets } = this.#words;
    const top = this.#top();
    let found = -1;
    let least = 0;
    for (let cell = 0; cell < top; cell++) {
      if (!isWaiting(Atomics.load(states, cell))) continue;
      const ticket = Atomics.load(tickets, cell);
      // Numbers go round: what matters is the difference.
      if (found >= 0 && ((ticket - least) | 0) >= 0) continue;
      found = cell;
      least = ticket;
    }
    return found;
  }

  /** Wakes one cell if it still waits as it was seen to. */
  wakeCell(cell: number, state: number): boolean {
    return isWaiting(state) && this.#wake(cell, state);
  }

  /** Clears the cells of the dead. What they were told has to be told to others: see {@link wakeAll}. */
  clearDead(isAlive: (member: number) => boolean): void {
    // All of them: one may have died between claiming a cell and saying that it is in use.
    for (let cell = 0; cell < this.#cells; cell++) {
      for (;;) {
        const state = Atomics.load(this.states, cell);
        if (state === free || isAlive(memberOf(state))) break;
        // Again where somebody has just woken the dead.
        if (Atomics.compareExchange(this.states, cell, state, free) === state) break;
      }
    }
  }

  /** How many wait, asleep or on their way. */
  waiterCount(): number {
    let count = 0;
    for (let cell = 0; cell < this.#top(); cell++) if (Atomics.load(this.states, cell) !== free) count++;
    return count;
  }

  count(index: number): void {
    Atomics.add(this.#words.counters, index, 1);
  }

  #wake(cell: number, state: number): boolean {
    if (!isWaiting(state)) return false;
    if (Atomics.compareExchange(this.states, cell, state, state | woken) !== state) return false;
    Atomics.notify(this.states, cell);
    this.count(counterIndex.wakes);
    return true;
  }

  /** Says that somebody waits. Only after its cell says so too, for {@link #quiet} to see one or the other. */
  #announce(): void {
    if (Atomics.load(this.#words.waiting, 0) === 0) Atomics.store(this.#words.waiting, 0, 1);
  }

  /** Takes the announcement back, unless somebody has come meanwhile. */
  #quiet(): boolean {
    Atomics.store(this.#words.waiting, 0, 0);
    if (this.oldest() < 0) return true;
    Atomics.store(this.#words.waiting, 0, 1);
    return false;
  }

  #claim(): number {
    for (let cell = 0; cell < this.#cells; cell++) {
      if (Atomics.load(this.states, cell) !== free) continue;
      if (Atomics.compareExchange(this.states, cell, free, this.member | reserved) !== free) continue;
      this.#raiseTop(cell + 1);
      return cell;
    }
    throw tooManyWaiters(this.#name, this.#cells);
  }

  /** Cells from here on were never used, so nobody looks at them. */
  #top(): number {
    return Atomics.load(this.#words.cellsTop, 0);
  }

  #raiseTop(least: number): void {
    let top = this.#top();
    while (top < least) {
      const found = Atomics.compareExchange(this.#words.cellsTop, 0, top, least);
      if (found === top) return;
      top = found;
    }
  }
}

/** Asleep, or about to be; neither woken nor still moving in. */
function isWaiting(state: number): boolean {
  return state > 0 && (state & reserved) === 0;
}
