import { errorCode, type WaitOptions } from '@quorate/core';
import { parkAsync } from '@quorate/threads';
import { block } from './blocking.ts';
import type { LockPlace, PlacedLock } from './lock-place.ts';
import { type MutexHold, holdAccess } from './mutex-hold.ts';
import {
  type CreateOptions,
  type Placed,
  type RoomOptions,
  attachPlaced,
  bytesFor,
  createPlaced,
} from './placing.ts';
import type { CheckedSeat, Seat } from './seat.ts';
import { checkMayBlock, leftMs, limitOf, patienceOf } from './wait-for-turn.ts';
import { WaitingRoom } from './waiting-room.ts';

/** How a wait for a condition ended. */
export type ConditionResult = 'notified' | 'timed-out';

/** After how long a mutex is asked for again that had no room for one more who waits: whoever was notified must have it. */
const retakeMs = 1;

/** The words of a condition as one thread sees them. */
export class ConditionCore {
  readonly room: WaitingRoom;
  readonly #seat: CheckedSeat;

  constructor(lock: PlacedLock, seat: CheckedSeat) {
    this.room = new WaitingRoom(lock, seat.member);
    this.#seat = seat;
  }

  wait(hold: MutexHold, options: WaitOptions): ConditionResult {
    checkMayBlock();
    const { clock, deadlineMs } = patienceOf(this.#seat.clock, options);
    const dueMs = deadlineMs === Number.POSITIVE_INFINITY ? deadlineMs : clock.monotonicMs() + deadlineMs;
    const { room } = this;
    // In line before the mutex is free: whoever notifies after that finds it.
    const cell = room.enter();
    try {
      hold.release();
      while (this.#sleepsOn(hold, cell)) {
        if (block(room.states, cell, room.member, { deadlineMs: leftMs(clock, dueMs) }) === 'timed-out')
          break;
      }
      for (let taken = this.#retake(hold); !taken; taken = this.#retake(hold))
        block(room.states, cell, Atomics.load(room.states, cell), { deadlineMs: retakeMs });
    } catch (thrown) {
      this.#leaveInVain(cell);
      throw thrown;
    }
    // Only now: had it died on the way, its wake-up would have gone to somebody else.
    return room.leave(cell) ? 'notified' : 'timed-out';
  }

  async waitAsync(hold: MutexHold, options: WaitOptions): Promise<ConditionResult> {
    using limit = limitOf(this.#seat.clock, options);
    if (options.signal?.aborted) limit?.throwIfAborted();
    const { room } = this;
    const cell = room.enter();
    let isRoused = false;
    const onAbort = (): void => {
      // Where a notification came first, it counts.
      isRoused = room.rouse(cell);
    };
    limit?.signal.addEventListener('abort', onAbort, { once: true });
    try {
      hold.release();
      // The time may be over already; an event that has been told is not told again.
      if (limit?.remainingMs() === 0) onAbort();
      while (this.#sleepsOn(hold, cell)) await parkAsync(room.states, cell, room.member);
      while (!(await this.#retakeAsync(hold)))
        await parkAsync(room.states, cell, Atomics.load(room.states, cell), { deadlineMs: retakeMs });
    } catch (thrown) {
      this.#leaveInVain(cell);
      throw thrown;
    } finally {
      limit?.signal.removeEventListener('abort', onAbort);
    }
    if (room.leave(cell) && !isRoused) return 'notified';
    if (options.signal?.aborted) limit?.throwIfAborted();
    return 'timed-out';
  }

  notifyOne(): boolean {
    return this.room.hasWaiters && this.room.wakeOldest();
  }

  notifyAll(): void {
    if (this.room.hasWaiters) this.room.wakeAll();
  }

  /**
   * After a death: all who wait look for themselves. The dead may have been notified, or may have been about to notify, and may
   * have had the mutex, of which nobody would learn who sleeps here.
   */
  sweep(): void {
    const { team } = this.#seat;
    this.room.clearDead(id => team.isAlive(id as CheckedSeat['member']));
    this.room.wakeAll();
    this.room.wakeWokenAgain();
  }

  /** Nobody could notify under a mutex that is lost. */
  #sleepsOn(hold: MutexHold, cell: number): boolean {
    return this.room.isAsleep(cell) && !holdAccess.coreOf(hold).gate.isBroken;
  }

  /** @returns false where there is no room to wait for it */
  #retake(hold: MutexHold): boolean {
    try {
      holdAccess.takeUp(hold, holdAccess.coreOf(hold).take({}));
      return true;
    } catch (thrown) {
      if (errorCode(thrown) === 'TOO_MANY_WAITERS') return false;
      throw thrown;
    }
  }

  async #retakeAsync(hold: MutexHold): Promise<boolean> {
    try {
      holdAccess.takeUp(hold, await holdAccess.coreOf(hold).takeAsync(undefined));
      return true;
    } catch (thrown) {
      if (errorCode(thrown) === 'TOO_MANY_WAITERS') return false;
      throw thrown;
    }
  }

  #leaveInVain(cell: number): void {
    if (this.room.leave(cell)) this.room.wakeOldest();
  }
}

/**
 * A condition variable between threads, for use with a {@link ThreadMutex}: whoever finds that something is not yet as it has to
 * be lets go of the mutex and waits in one step, so that no notification falls in between.
 *
 * A wait may end without a notification, and somebody may have been faster: look at the condition again, in a loop. When a thread
 * of the team dies, all waits end, since it may have been the one that was notified, or the one that was to notify.
 */
export class ThreadCondition implements Disposable {
  /** Hand this to other threads. */
  readonly place: LockPlace;
  readonly name: string;
  readonly #core: ConditionCore;
  readonly #watch: Disposable;

  private constructor({ lock, seat }: Placed) {
    this.place = lock.place;
    this.name = lock.name;
    this.#core = new ConditionCore(lock, seat);
    this.#watch = seat.team.watch(() => this.#core.sweep());
    this.#core.sweep();
  }

  /** Bytes that a condition takes. */
  static bytesNeeded(team: { readonly capacity: number }, options: RoomOptions = {}): number {
    return bytesFor('condition', team, 1, options);
  }

  /** Makes a condition. @throws as {@link ThreadMutex.create} */
  static create(options: CreateOptions): ThreadCondition {
    return new ThreadCondition(createPlaced('condition', 1, options));
  }

  /** Opens a condition that another thread made. @throws as {@link ThreadMutex.attach} */
  static attach(place: LockPlace, seat: Seat): ThreadCondition {
    return new ThreadCondition(attachPlaced('condition', place, seat));
  }

  /**
   * Releases the mutex, blocks until notified or the deadline, and takes the mutex again, however long that takes: on return and
   * on every error but `NOT_RECOVERABLE` it is held. All who wait at a time wait with the same mutex. What a dead owner left is
   * to be declared consistent before.
   *
   * @throws TypeError where the mutex is not held; QuorateError `ABORTED` (before waiting), `TOO_MANY_WAITERS`,
   *   `NOT_RECOVERABLE`, `UNSUPPORTED` on a browser's main thread
   */
  wait(hold: MutexHold, options: WaitOptions = {}): ConditionResult {
    checkHeld(hold);
    return this.#core.wait(hold, options);
  }

  /**
   * The same without blocking the thread. An abort ends the wait with the mutex held, too.
   *
   * @throws TypeError where the mutex is not held; QuorateError `ABORTED`, `TOO_MANY_WAITERS`, `NOT_RECOVERABLE`
   */
  async waitAsync(hold: MutexHold, options: WaitOptions = {}): Promise<ConditionResult> {
    checkHeld(hold);
    return await this.#core.waitAsync(hold, options);
  }

  /** Wakes who has waited longest. Change what is waited for under the mutex first. @returns whether anybody waited */
  notifyOne(): boolean {
    return this.#core.notifyOne();
  }

  /** Wakes all who wait. */
  notifyAll(): void {
    this.#core.notifyAll();
  }

  /** How many wait, the ones that were notified and do not have the mutex yet included. */
  get waiterCount(): number {
    return this.#core.room.waiterCount();
  }

  /** Stops watching for deaths here. */
  [Symbol.dispose](): void {
    this.#watch[Symbol.dispose]();
  }
}

function checkHeld(hold: MutexHold): void {
  if (!hold.isHeld) throw new TypeError('Mutex must be held to wait for a condition: it is not');
}
