import { type Clock, type LeaseHandle, systemClock } from '@quorate/core';
import { spawn, type WorkerHandle } from '@quorate/threads';
import type { KeptLeases, LeaseKeeper } from '../working/lease-keeper.ts';
import { KeptCell } from './kept-cell.ts';
import type { KeptWork, LeaseList } from './keeper-core.ts';
import type { keeperService } from './keeper-worker.ts';

/** How a lease keeper is set up. */
export interface LeaseKeeperOptions {
  /** The module that opens one more client of the same queues: its thread has a store of its own. */
  readonly module: URL;
  /** The name of the function there, which returns a QueueStore or a promise of one. Default `default`. */
  readonly export?: string;
  /**
   * When the event loop has not turned for so long, its leases are not extended any more, so that other workers get its messages.
   * At least half a lease. Default 60,000.
   */
  readonly stuckAfterMs?: number;
  /** Default: the platform's. */
  readonly clock?: Clock;
  /** Told when the thread could not start or was lost. The works extend their leases themselves from then on. */
  readonly onTrouble?: (error: unknown) => void;
}

/** A thread that extends leases though handlers block the event loop. Dispose of it after the works. */
export interface ThreadLeaseKeeper extends LeaseKeeper, AsyncDisposable {}

/**
 * Starts a thread that extends leases. Works begin when it is up; where it cannot start, or is lost, they extend theirs themselves.
 *
 * @throws TypeError, RangeError
 */
export function leaseKeeper(options: LeaseKeeperOptions): ThreadLeaseKeeper {
  return new ThreadKeeper(options);
}

/** @throws TypeError, RangeError */
export function checkLeaseKeeper({ module, stuckAfterMs = 60_000 }: LeaseKeeperOptions): void {
  if (!(module instanceof URL))
    throw new TypeError(`Module of a lease keeper must be a URL: received ${String(module)}`);
  if (!(stuckAfterMs > 0 && stuckAfterMs < 2 ** 31))
    throw new RangeError(
      `Time after which a loop is stuck, in ms, must be above 0: received ${stuckAfterMs}`,
    );
}

type Keeper = WorkerHandle<typeof keeperService>;

class ThreadKeeper implements ThreadLeaseKeeper {
  readonly #clock: Clock;
  readonly #stuckAfterMs: number;
  readonly #onTrouble: (error: unknown) => void;
  readonly #spawning: Promise<Keeper | undefined>;
  readonly #kept = new Set<ThreadKeptLeases>();
  #worker: Keeper | undefined;
  #workCount = 0;

  constructor(options: LeaseKeeperOptions) {
    checkLeaseKeeper(options);
    const { module, stuckAfterMs = 60_000, clock = systemClock, onTrouble = () => {} } = options;
    this.#clock = clock;
    this.#stuckAfterMs = stuckAfterMs;
    this.#onTrouble = onTrouble;
    this.#spawning = this.#spawn(module, options.export ?? 'default');
  }

  keep(
    leaseMs: number,
    onLost: (leases: readonly LeaseHandle[]) => void,
    held: () => readonly LeaseHandle[],
  ): KeptLeases {
    const work = {
      work: ++this.#workCount,
      leaseMs,
      stuckAfterMs: Math.max(this.#stuckAfterMs, leaseMs / 2),
      cell: new KeptCell().buffer,
    };
    const kept = new ThreadKeptLeases(this.#clock, work, onLost, () => this.#kept.delete(kept));
    this.#kept.add(kept);
    kept.ready = this.#spawning.then(worker => {
      if (worker !== undefined) kept.begin(worker, held());
    });
    return kept;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#spawning;
    await this.#worker?.close();
  }

  async #spawn(module: URL, name: string): Promise<Keeper | undefined> {
    const data = { module: module.href, export: name };
    // Beside this module: TypeScript in the sources, JavaScript in what is published.
    const { pathname } = new URL(import.meta.url);
    const url = new URL(`./keeper-worker${pathname.slice(pathname.lastIndexOf('.'))}`, import.meta.url);
    try {
      const worker = await spawn<typeof keeperService>(url, { name: 'lease-keeper', data });
      worker.unref();
      this.#worker = worker;
      void worker.exited.then(({ reason, cause }) => {
        for (const kept of this.#kept) kept.onGone();
        if (reason !== 'closed') this.#onTrouble(cause ?? new Error(`The lease keeper ended: ${reason}`));
      });
      return worker;
    } catch (thrown) {
      this.#onTrouble(thrown);
      return undefined;
    }
  }
}

/** The leases of one work, as the main thread sees them. */
class ThreadKeptLeases implements KeptLeases {
  readonly #clock: Clock;
  readonly #work: KeptWork;
  readonly #onLost: (leases: readonly LeaseHandle[]) => void;
  readonly #onEnd: () => void;
  readonly #cell: KeptCell;
  ready: Promise<void> = Promise.resolve();
  #worker: Keeper | undefined;
  #isDisposed = false;

  constructor(
    clock: Clock,
    work: KeptWork,
    onLost: (leases: readonly LeaseHandle[]) => void,
    onEnd: () => void,
  ) {
    this.#clock = clock;
    this.#work = work;
    this.#onLost = onLost;
    this.#onEnd = onEnd;
    this.#cell = new KeptCell(work.cell);
  }

  begin(worker: Keeper, held: readonly LeaseHandle[]): void {
    if (this.#isDisposed) return;
    this.#worker = worker;
    worker.call('begin', this.#work).catch(this.onGone);
    this.replace(held);
  }

  get isKeeping(): boolean {
    return this.#worker !== undefined;
  }

  add(leases: readonly LeaseHandle[]): void {
    this.#worker?.call('add', this.#listOf(leases)).catch(this.onGone);
  }

  replace(leases: readonly LeaseHandle[]): void {
    this.#worker?.call('replace', this.#listOf(leases)).then(lost => {
      if (lost.length > 0 && !this.#isDisposed) this.#onLost(lost);
    }, this.onGone);
  }

  keptSinceMs(addedMs: number): number | undefined {
    return this.#cell.read(addedMs);
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    this.#onEnd();
    this.#worker?.call('end', this.#work.work).catch(() => {});
    this.#worker = undefined;
  }

  /** What it had extended stays so. */
  readonly onGone = (): void => {
    this.#worker = undefined;
  };

  #listOf(leases: readonly LeaseHandle[]): LeaseList {
    return { work: this.#work.work, leases, nowMs: this.#clock.monotonicMs() };
  }
}
