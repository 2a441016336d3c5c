import type { WaitOptions } from '@quorate/core';
import { refused } from './gate.ts';
import type { LockPlace } from './lock-place.ts';
import { type LockReport, reportOf } from './lock-report.ts';
import { MutexCore } from './mutex-core.ts';
import { MutexHold, ownerDiedFlag } from './mutex-hold.ts';
import {
  type CreateOptions,
  type Placed,
  type RoomOptions,
  attachPlaced,
  bytesFor,
  createPlaced,
} from './placing.ts';
import type { Seat } from './seat.ts';

/**
 * A robust mutex between threads, in shared memory.
 *
 * Whoever comes first takes it, also past those who wait, and every `handOffEvery`th time who has waited longest is handed it:
 * fast as a barging lock, and nobody starves. When a thread dies that holds it, the next owner is told.
 *
 * It is not re-entrant. It belongs to a thread, but is held by a {@link MutexHold}: several tasks of a thread exclude each other
 * too.
 */
export class ThreadMutex implements Disposable {
  /** Hand this to other threads. */
  readonly place: LockPlace;
  readonly name: string;
  readonly #core: MutexCore;
  readonly #placed: Placed;
  readonly #watch: Disposable;

  private constructor(placed: Placed) {
    this.place = placed.lock.place;
    this.name = placed.lock.name;
    this.#placed = placed;
    this.#core = new MutexCore(placed);
    this.#watch = placed.seat.team.watch(() => this.#core.gate.sweep());
    this.#core.gate.sweep(); // For those who died before anybody watched here.
  }

  /** Bytes that a mutex takes, for a team or anything else that has its capacity. */
  static bytesNeeded(team: { readonly capacity: number }, options: RoomOptions = {}): number {
    return bytesFor('mutex', team, 1, options);
  }

  /**
   * Makes a mutex.
   *
   * @throws TypeError, RangeError; QuorateError `UNSUPPORTED` where there is no shared memory
   */
  static create(options: CreateOptions): ThreadMutex {
    return new ThreadMutex(createPlaced('mutex', 1, options));
  }

  /** Opens a mutex that another thread made. @throws TypeError where there is none; RangeError for another team's */
  static attach(place: LockPlace, seat: Seat): ThreadMutex {
    return new ThreadMutex(attachPlaced('mutex', place, seat));
  }

  /**
   * Takes the mutex, blocking the thread until it is to be had. No signal can abort while its thread blocks, so one counts only
   * if it has aborted before; the deadline counts always.
   *
   * @throws QuorateError `DEADLINE_EXCEEDED`, `ABORTED`, `NOT_RECOVERABLE`, `TOO_MANY_WAITERS`; `DEADLOCK` where this thread
   *   holds it; `UNSUPPORTED` on a browser's main thread
   */
  lock(options?: WaitOptions): MutexHold {
    if (options === undefined && this.#core.gate.takeFree()) return new MutexHold(this.#core, false);
    return this.#hold(this.#core.take(options ?? {}));
  }

  /** Takes the mutex if it is to be had now. @throws QuorateError `NOT_RECOVERABLE` */
  tryLock(): MutexHold | undefined {
    const taken = this.#core.gate.take();
    return taken === refused ? undefined : this.#hold(taken);
  }

  /**
   * Takes the mutex without blocking the thread, which stays alive meanwhile. Tasks of one thread that wait are served in order.
   *
   * @throws QuorateError `DEADLINE_EXCEEDED`, `ABORTED`, `NOT_RECOVERABLE`, `TOO_MANY_WAITERS`
   */
  async lockAsync(options?: WaitOptions): Promise<MutexHold> {
    if (options === undefined && this.#core.gate.takeFree()) return new MutexHold(this.#core, false);
    return this.#hold(await this.#core.takeAsync(options));
  }

  /** What it tells of itself. */
  describe(): LockReport {
    return reportOf(this.#placed.lock, this.#core.gate);
  }

  /** Stops watching for deaths here. What is held stays held. */
  [Symbol.dispose](): void {
    this.#watch[Symbol.dispose]();
  }

  #hold(taken: number): MutexHold {
    return new MutexHold(this.#core, (taken & ownerDiedFlag) !== 0);
  }
}
