import type { WaitOptions } from '@quorate/core';
import { type Gate, refused } from './gate.ts';
import type { LockPlace } from './lock-place.ts';
import { type LockReport, reportOf } from './lock-report.ts';
import { MutexCore } from './mutex-core.ts';
import {
  type CreateOptions,
  type Placed,
  type RoomOptions,
  attachPlaced,
  bytesFor,
  checkCount,
  createPlaced,
} from './placing.ts';
import type { Seat } from './seat.ts';

/** The most permits: looking for a free one takes a look at each, at worst. */
const permitsMax = 4_096;

/** A permit that is held. */
export class Permit implements Disposable {
  readonly #gate: Gate;
  readonly #slot: number;
  #isHeld = true;

  constructor(gate: Gate, slot: number) {
    this.#gate = gate;
    this.#slot = slot;
  }

  get isHeld(): boolean {
    return this.#isHeld;
  }

  /** Gives the permit back. Harmless when repeated. @throws QuorateError `NOT_OWNER` as {@link MutexHold.release} */
  release(): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    this.#gate.release(this.#slot);
  }

  [Symbol.dispose](): void {
    this.release();
  }
}

/** How many permits. */
export interface SemaphoreOptions extends CreateOptions {
  /** From 1 to 4,096; 4 bytes each. */
  readonly permits: number;
}

/**
 * A counting semaphore between threads: as many holders at a time as there are permits. Each permit is a word with its holder's
 * name, so those of a dead thread are free again as soon as its death is known, whenever it died. Fair as {@link ThreadMutex}.
 */
export class ThreadSemaphore implements Disposable {
  /** Hand this to other threads. */
  readonly place: LockPlace;
  readonly name: string;
  readonly permits: number;
  readonly #core: MutexCore;
  readonly #placed: Placed;
  readonly #watch: Disposable;

  private constructor(placed: Placed) {
    this.place = placed.lock.place;
    this.name = placed.lock.name;
    this.permits = placed.lock.size.slots;
    this.#placed = placed;
    this.#core = new MutexCore(placed);
    this.#watch = placed.seat.team.watch(() => this.#core.gate.sweep());
    this.#core.gate.sweep();
  }

  /** Bytes that a semaphore takes. */
  static bytesNeeded(
    team: { readonly capacity: number },
    permits: number,
    options: RoomOptions = {},
  ): number {
    return bytesFor('semaphore', team, checkCount('Permits', permits, permitsMax), options);
  }

  /** Makes a semaphore with all permits free. @throws as {@link ThreadMutex.create} */
  static create(options: SemaphoreOptions): ThreadSemaphore {
    return new ThreadSemaphore(
      createPlaced('semaphore', checkCount('Permits', options.permits, permitsMax), options),
    );
  }

  /** Opens a semaphore that another thread made. @throws as {@link ThreadMutex.attach} */
  static attach(place: LockPlace, seat: Seat): ThreadSemaphore {
    return new ThreadSemaphore(attachPlaced('semaphore', place, seat));
  }

  /** Takes a permit, blocking the thread. @throws as {@link ThreadMutex.lock}; `DEADLOCK` where all are this thread's */
  acquire(options: WaitOptions = {}): Permit {
    return this.#permit(this.#core.take(options));
  }

  /** Takes a permit if there is one now. */
  tryAcquire(): Permit | undefined {
    const taken = this.#core.gate.take();
    return taken === refused ? undefined : this.#permit(taken);
  }

  /** Takes a permit without blocking the thread. @throws as {@link ThreadMutex.lockAsync} */
  async acquireAsync(options?: WaitOptions): Promise<Permit> {
    return this.#permit(await this.#core.takeAsync(options));
  }

  /** What it tells of itself. */
  describe(): LockReport {
    return reportOf(this.#placed.lock, this.#core.gate);
  }

  /** Stops watching for deaths here. */
  [Symbol.dispose](): void {
    this.#watch[Symbol.dispose]();
  }

  #permit(taken: number): Permit {
    return new Permit(this.#core.gate, taken >> 1);
  }
}
