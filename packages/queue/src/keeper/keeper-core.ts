import { type Clock, type LeaseHandle, pageMax, type QueueStore, type Timer } from '@quorate/core';
import { KeptCell } from './kept-cell.ts';

/** What a keeper's thread is told of one work. `nowMs` is the main thread's monotonic clock. */
export interface KeptWork {
  readonly work: number;
  readonly leaseMs: number;
  readonly stuckAfterMs: number;
  readonly cell: SharedArrayBuffer;
}

export interface LeaseList {
  readonly work: number;
  readonly leases: readonly LeaseHandle[];
  readonly nowMs: number;
}

/** Extends the leases of one work, in a thread of its own, for as long as the main thread is heard of. */
export class KeeperCore implements Disposable {
  readonly #store: QueueStore;
  readonly #clock: Clock;
  readonly #work: KeptWork;
  readonly #cell: KeptCell;
  #leases = new Map<bigint, LeaseHandle>();
  #lost: LeaseHandle[] = [];
  #horizonMs = 0;
  /** What this clock must be moved by to read at most what the main thread's does. */
  #offsetMs = Number.NEGATIVE_INFINITY;
  #heardMs = 0;
  #timer: Timer | undefined;
  #isExtending = false;

  constructor(store: QueueStore, clock: Clock, work: KeptWork) {
    this.#store = store;
    this.#clock = clock;
    this.#work = work;
    this.#cell = new KeptCell(work.cell);
    this.#arm();
  }

  add({ leases, nowMs }: LeaseList): void {
    for (const lease of leases) this.#leases.set(lease.token, lease);
    this.#hear(nowMs);
  }

  /** The main thread holds these alone. Says which were lost since it asked last. */
  replace({ leases, nowMs }: LeaseList): readonly LeaseHandle[] {
    this.#leases = new Map(leases.map(lease => [lease.token, lease]));
    this.#hear(nowMs);
    return this.#lost.splice(0);
  }

  /** The main thread is alive, and everything that it had at this time is known. */
  #hear(nowMs: number): void {
    this.#heardMs = this.#clock.monotonicMs();
    this.#horizonMs = nowMs;
    // What it said was under way for a while, so the main thread's clock reads at least this by now.
    this.#offsetMs = Math.max(this.#offsetMs, nowMs - this.#heardMs);
  }

  [Symbol.dispose](): void {
    this.#timer?.cancel();
  }

  #arm(): void {
    this.#timer = this.#clock.setTimer(this.#work.leaseMs / 6, () => {
      this.#arm();
      if (!this.#isExtending) void this.#extend();
    });
  }

  async #extend(): Promise<void> {
    const { leaseMs, stuckAfterMs } = this.#work;
    const beforeMs = this.#clock.monotonicMs();
    // The event loop is stuck: others shall have its messages.
    if (beforeMs - this.#heardMs > stuckAfterMs || this.#offsetMs === Number.NEGATIVE_INFINITY) return;
    const horizonMs = this.#horizonMs;
    const leases = [...this.#leases.values()];
    this.#isExtending = true;
    let isKept = true;
    for (let from = 0; from < leases.length; from += pageMax) {
      if (!(await this.#extendPage(leases.slice(from, from + pageMax), leaseMs))) isKept = false;
    }
    this.#isExtending = false;
    if (isKept) this.#cell.write(beforeMs + this.#offsetMs, horizonMs);
  }

  /** Says whether all of them are held until `leaseMs` from now, but for those that are lost. */
  async #extendPage(leases: readonly LeaseHandle[], leaseMs: number): Promise<boolean> {
    try {
      const results = await this.#store.extend(leases, leaseMs, { deadlineMs: leaseMs / 3 });
      let isKept = true;
      for (const [index, result] of results.entries()) {
        if (result.outcome === 'unknown') isKept = false;
        if (result.outcome !== 'not-applied') continue;
        // Most of these have simply ended meanwhile: the main thread knows.
        const lease = leases[index] as LeaseHandle;
        this.#leases.delete(lease.token);
        this.#lost.push(lease);
      }
      return isKept;
    } catch {
      return false; // It is tried again at the next turn.
    }
  }
}
