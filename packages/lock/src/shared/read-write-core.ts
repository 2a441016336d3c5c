import type { LinkedSignal, WaitOptions } from '@quorate/core';
import { parkAsync } from '@quorate/threads';
import { block } from './blocking.ts';
import { type Gate, refused } from './gate.ts';
import { type LockWords, memberStride } from './lock-place.ts';
import { MutexCore } from './mutex-core.ts';
import { ownerDiedFlag } from './mutex-hold.ts';
import type { Placed } from './placing.ts';
import type { CheckedSeat } from './seat.ts';
import { ownDeadlock, takenAway, waitedTooLong } from './thread-lock-error.ts';
import {
  type Patience,
  checkMayBlock,
  leftMs,
  limitOf,
  patienceOf,
  waitForTurn,
  waitForTurnAsync,
} from './wait-for-turn.ts';
import { TaskLine } from './task-line.ts';

/**
 * The words of a read-write lock as one thread sees them.
 *
 * A member has two words of its own: its id while its thread reads, and how many more reads that thread has than one. Writers
 * own the gate. A reader says that it reads, then looks whether the gate is free; a writer takes the gate, then looks whether
 * anybody reads: one of them sees the other (Dekker). A reader that has to wait goes through the gate as a writer would, says
 * that it reads while nobody else is in it, and gives it back.
 */
export class ReadWriteCore {
  readonly gate: Gate;
  readonly #writers: MutexCore;
  readonly #words: LockWords;
  readonly #members: Int32Array;
  readonly #seat: CheckedSeat;
  readonly #me: number;
  /** Where this member's words are. */
  readonly #own: number;
  readonly #slot: number;
  readonly #line: TaskLine = new TaskLine();
  readonly #throughGate: () => number;

  constructor(placed: Placed) {
    const { words } = placed.lock;
    this.#seat = placed.seat;
    this.#writers = new MutexCore(placed);
    this.gate = this.#writers.gate;
    this.#words = words;
    this.#members = words.members;
    this.#me = placed.seat.member;
    this.#slot = placed.seat.team.slotOf(placed.seat.member);
    this.#own = this.#slot * memberStride;
    this.#throughGate = () => this.#passGate();
  }

  get isSuspect(): boolean {
    return Atomics.load(this.#words.suspect, 0) !== 0;
  }

  clearSuspect(): void {
    Atomics.store(this.#words.suspect, 0, 0);
  }

  breakDown(): void {
    this.gate.breakDown();
  }

  /**
   * Reads if that needs no waiting. All that reading costs where nobody writes.
   *
   * @param mustJoin whether a thread that reads already goes past a writer that waits for it, because it would block
   */
  enterFree(mustJoin: boolean): boolean {
    if (this.#reads(this.#slot) === this.#me) return (mustJoin || this.gate.looksFree()) && this.#joinOwn();
    this.#mark();
    if (this.gate.looksFree()) return true;
    this.leaveRead();
    return false;
  }

  tryRead(mustJoin = false): boolean {
    return this.enterFree(mustJoin) || this.#passGate() !== refused;
  }

  read(options: WaitOptions): void {
    const patience = patienceOf(this.#seat.clock, options);
    if (this.tryRead(true)) return;
    if (this.gate.isAllMine) throw ownDeadlock(this.gate.name);
    waitForTurn(this.gate, this.#throughGate, patience);
  }

  async readAsync(options: WaitOptions | undefined): Promise<void> {
    using limit = limitOf(this.#seat.clock, options);
    limit?.throwIfAborted();
    if (this.tryRead()) return;
    await this.#line.first(limit, () => waitForTurnAsync(this.gate, this.#throughGate, limit));
  }

  /** @throws QuorateError `NOT_OWNER` where this thread was declared dead */
  leaveRead(): void {
    const members = this.#members;
    // Else the words are somebody else's by now.
    if (Atomics.load(members, this.#own) !== this.#me) throw takenAway(this.gate.name);
    const more = Atomics.load(members, this.#own + 1);
    if (more > 0) {
      Atomics.store(members, this.#own + 1, more - 1);
      return;
    }
    Atomics.compareExchange(members, this.#own, this.#me, 0);
    if (!this.gate.looksFree()) this.#ring();
  }

  tryWrite(): number {
    const taken = this.gate.take();
    if (taken === refused) return refused;
    const noted = this.#noted(taken);
    if (this.#hasReaders()) {
      this.gate.release(0);
      return refused;
    }
    return noted;
  }

  write(options: WaitOptions): number {
    const patience = patienceOf(this.#seat.clock, options);
    const { clock, deadlineMs } = patience;
    const dueMs = deadlineMs === Number.POSITIVE_INFINITY ? deadlineMs : clock.monotonicMs() + deadlineMs;
    if (this.#reads(this.#slot) === this.#me) throw ownDeadlock(this.gate.name);
    const noted = this.#noted(this.#writers.take(options));
    return this.#drain(noted, { clock, deadlineMs }, dueMs);
  }

  async writeAsync(options: WaitOptions | undefined): Promise<number> {
    using limit = limitOf(this.#seat.clock, options);
    limit?.throwIfAborted();
    const noted = this.#noted(await this.#writers.takeWithin(limit));
    return await this.#drainAsync(noted, limit);
  }

  /** Who reads, or died reading. */
  readers(): number[] {
    const reading: number[] = [];
    for (let slot = 0; slot < this.#top(); slot++)
      if (this.#reads(slot) !== 0) reading.push(this.#reads(slot));
    return reading;
  }

  /** After a death: the dead do not read. */
  sweep(): void {
    for (let slot = 0; slot < this.#top(); slot++) {
      const reader = this.#reads(slot);
      if (reader !== 0 && !this.#isAlive(reader))
        Atomics.compareExchange(this.#members, slot * memberStride, reader, 0);
    }
    this.#ring();
    this.gate.sweep();
  }

  /** One more read of a thread that reads already. */
  #joinOwn(): boolean {
    if (Atomics.load(this.#members, this.#own) !== this.#me) return false;
    Atomics.add(this.#members, this.#own + 1, 1);
    return true;
  }

  #mark(): void {
    const members = this.#members;
    // Left by who had the slot before and died.
    if (Atomics.load(members, this.#own + 1) !== 0) Atomics.store(members, this.#own + 1, 0);
    if (this.#top() <= this.#slot) this.#raiseTop();
    Atomics.store(members, this.#own, this.#me);
  }

  #passGate(): number {
    const taken = this.gate.take();
    if (taken === refused) return refused;
    this.#noted(taken);
    if (!this.#joinOwn()) this.#mark();
    this.gate.release(0);
    return 0;
  }

  /** Keeps a dead writer in mind beyond the hold of whoever took over from it. Call it with the gate taken. */
  #noted(taken: number): number {
    if ((taken & ownerDiedFlag) !== 0) Atomics.store(this.#words.suspect, 0, 1);
    else if (this.isSuspect) return taken | ownerDiedFlag;
    return taken;
  }

  #hasReaders(): boolean {
    const top = this.#top();
    for (let slot = 0; slot < top; slot++) {
      const reader = this.#reads(slot);
      if (reader !== 0 && this.#isAlive(reader)) return true;
    }
    return false;
  }

  /** Waits until nobody reads, the gate being taken. */
  #drain(taken: number, { clock, deadlineMs }: Patience, dueMs: number): number {
    const { drain } = this.#words;
    try {
      for (;;) {
        // The number first: a reader that leaves after the look changes it.
        const rung = Atomics.load(drain, 0);
        if (!this.#hasReaders()) return taken;
        checkMayBlock();
        if (block(drain, 0, rung, { deadlineMs: leftMs(clock, dueMs) }) === 'timed-out')
          throw waitedTooLong(this.gate.name, deadlineMs);
      }
    } catch (thrown) {
      this.gate.release(0);
      throw thrown;
    }
  }

  async #drainAsync(taken: number, limit: LinkedSignal | undefined): Promise<number> {
    const { drain } = this.#words;
    const onAbort = (): void => this.#ring();
    limit?.signal.addEventListener('abort', onAbort, { once: true });
    try {
      for (;;) {
        const rung = Atomics.load(drain, 0);
        limit?.throwIfAborted();
        if (!this.#hasReaders()) return taken;
        await parkAsync(drain, 0, rung);
      }
    } catch (thrown) {
      this.gate.release(0);
      throw thrown;
    } finally {
      limit?.signal.removeEventListener('abort', onAbort);
    }
  }

  #ring(): void {
    Atomics.add(this.#words.drain, 0, 1);
    Atomics.notify(this.#words.drain, 0);
  }

  #isAlive(member: number): boolean {
    return this.#seat.team.isAlive(member as CheckedSeat['member']);
  }

  #reads(slot: number): number {
    return Atomics.load(this.#members, slot * memberStride);
  }

  /** Slots from here on have never read, so no writer looks at them. */
  #top(): number {
    return Atomics.load(this.#words.readersTop, 0);
  }

  #raiseTop(): void {
    let top = this.#top();
    while (top <= this.#slot) {
      const found = Atomics.compareExchange(this.#words.readersTop, 0, top, this.#slot + 1);
      if (found === top) return;
      top = found;
    }
  }
}
