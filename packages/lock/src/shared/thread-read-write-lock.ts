import type { WaitOptions } from '@quorate/core';
import { refused } from './gate.ts';
import type { LockPlace } from './lock-place.ts';
import { type LockReport, reportOf } from './lock-report.ts';
import {
  type CreateOptions,
  type Placed,
  type RoomOptions,
  attachPlaced,
  bytesFor,
  createPlaced,
} from './placing.ts';
import { ReadHold, WriteHold } from './read-write-holds.ts';
import { ReadWriteCore } from './read-write-core.ts';
import type { Seat } from './seat.ts';

/**
 * A robust read-write lock between threads: many readers at a time, or one writer.
 *
 * Readers on different threads write to different cache lines, so reading scales. A writer waits for the readers that are in and
 * keeps new ones out; readers that had to wait take turns with writers at one fair gate. So neither starves. Where a thread reads
 * already, a further blocking read does not wait, since it would wait for itself; `readAsync` does wait for a writer that came
 * before, so a task that reads must not wait to read once more.
 *
 * When a writer dies, every later owner is told until one has declared the data consistent.
 */
export class ThreadReadWriteLock implements Disposable {
  /** Hand this to other threads. */
  readonly place: LockPlace;
  readonly name: string;
  readonly #core: ReadWriteCore;
  readonly #placed: Placed;
  readonly #watch: Disposable;

  private constructor(placed: Placed) {
    this.place = placed.lock.place;
    this.name = placed.lock.name;
    this.#placed = placed;
    this.#core = new ReadWriteCore(placed);
    this.#watch = placed.seat.team.watch(() => this.#core.sweep());
    this.#core.sweep();
  }

  /** Bytes that a read-write lock takes: most of them 64 for each member that the team can have. */
  static bytesNeeded(team: { readonly capacity: number }, options: RoomOptions = {}): number {
    return bytesFor('read-write lock', team, 1, options);
  }

  /** Makes a read-write lock. @throws as {@link ThreadMutex.create} */
  static create(options: CreateOptions): ThreadReadWriteLock {
    return new ThreadReadWriteLock(createPlaced('read-write lock', 1, options));
  }

  /** Opens a read-write lock that another thread made. @throws as {@link ThreadMutex.attach} */
  static attach(place: LockPlace, seat: Seat): ThreadReadWriteLock {
    return new ThreadReadWriteLock(attachPlaced('read-write lock', place, seat));
  }

  /** Takes the lock for reading, blocking the thread. @throws as {@link ThreadMutex.lock} */
  read(options?: WaitOptions): ReadHold {
    if (options !== undefined || !this.#core.enterFree(true)) this.#core.read(options ?? {});
    return new ReadHold(this.#core);
  }

  /** Takes the lock for writing, blocking the thread. @throws as {@link ThreadMutex.lock}; `DEADLOCK` where this thread reads */
  write(options: WaitOptions = {}): WriteHold {
    return new WriteHold(this.#core, this.#core.write(options));
  }

  /** Takes the lock for reading if that is to be had now. @throws QuorateError `NOT_RECOVERABLE` */
  tryRead(): ReadHold | undefined {
    return this.#core.tryRead() ? new ReadHold(this.#core) : undefined;
  }

  /** Takes the lock for writing if that is to be had now. @throws QuorateError `NOT_RECOVERABLE` */
  tryWrite(): WriteHold | undefined {
    const taken = this.#core.tryWrite();
    return taken === refused ? undefined : new WriteHold(this.#core, taken);
  }

  /** Takes the lock for reading without blocking the thread. @throws as {@link ThreadMutex.lockAsync} */
  async readAsync(options?: WaitOptions): Promise<ReadHold> {
    if (options !== undefined || !this.#core.enterFree(false)) await this.#core.readAsync(options);
    return new ReadHold(this.#core);
  }

  /** Takes the lock for writing without blocking the thread. @throws as {@link ThreadMutex.lockAsync} */
  async writeAsync(options?: WaitOptions): Promise<WriteHold> {
    return new WriteHold(this.#core, await this.#core.writeAsync(options));
  }

  /** What it tells of itself: `owners` is who writes. */
  describe(): LockReport & { readonly readers: readonly number[] } {
    return { ...reportOf(this.#placed.lock, this.#core.gate), readers: this.#core.readers() };
  }

  /** Stops watching for deaths here. */
  [Symbol.dispose](): void {
    this.#watch[Symbol.dispose]();
  }
}
