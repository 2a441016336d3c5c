import type { Clock, LeaseHandle, QueueStore, SettleResult, Timer } from '@quorate/core';
import { pageMax } from '@quorate/core';
import type { HeldMessage } from './held-message.ts';
import type { KeptLeases, LeaseKeeper } from './lease-keeper.ts';

/** What the times of leases need of their work. */
export interface LeaseTimesOptions {
  readonly store: QueueStore;
  readonly clock: Clock;
  readonly leaseMs: number;
  readonly keeper: LeaseKeeper | undefined;
  /** All that is held. */
  readonly held: ReadonlySet<HeldMessage>;
  /** @param isCertain whether the engine said so; else the lease's time is over, as far as is known here */
  readonly onLost: (held: HeldMessage, isCertain: boolean) => void;
  readonly onTrouble: (error: unknown) => void;
}

/**
 * Extends the leases that are held at a third of their time at the latest, and says which are lost. One timer, which runs while
 * something is held; nothing is done for a message that ends before it fires.
 */
export class LeaseTimes implements Disposable {
  readonly #options: LeaseTimesOptions;
  readonly #kept: KeptLeases | undefined;
  #timer: Timer | undefined;
  #isExtending = false;

  constructor(options: LeaseTimesOptions) {
    this.#options = options;
    this.#kept = options.keeper?.keep(
      options.leaseMs,
      leases => this.#onLost(leases),
      () => [...options.held].map(({ handle }) => handle),
    );
  }

  /** Settles when messages may be leased; undefined where that is now. */
  get ready(): Promise<void> | undefined {
    return this.#kept?.ready;
  }

  /** Messages were leased. */
  add(leases: readonly LeaseHandle[]): void {
    if (this.#kept?.isKeeping === true) this.#kept.add(leases);
    this.#timer ??= this.#options.clock.setTimer(this.#options.leaseMs / 6, this.#onTimer);
  }

  /**
   * Whether a lease is certainly held still. A tenth of its time is kept as a margin for clocks that go at different speeds.
   */
  isHeld(held: HeldMessage): boolean {
    const { clock, leaseMs } = this.#options;
    return clock.monotonicMs() < this.#sinceMs(held) + 0.9 * leaseMs;
  }

  [Symbol.dispose](): void {
    this.#timer?.cancel();
    this.#kept?.[Symbol.dispose]();
  }

  readonly #onTimer = (): void => {
    const { held, leaseMs, clock } = this.#options;
    if (held.size === 0) {
      this.#kept?.replace([]);
      this.#timer = undefined;
      return;
    }
    this.#timer = clock.setTimer(leaseMs / 6, this.#onTimer);
    const all = [...held];
    for (const each of all) if (!this.isHeld(each)) this.#options.onLost(each, false);
    if (this.#kept?.isKeeping === true) this.#kept.replace(all.map(({ handle }) => handle));
    if (!this.#isExtending) void this.#extend(all);
  };

  /** What the current time of a lease is reckoned from, whoever extended it. */
  #sinceMs({ renewedMs, addedMs }: HeldMessage): number {
    return Math.max(renewedMs, this.#kept?.keptSinceMs(addedMs) ?? Number.NEGATIVE_INFINITY);
  }

  /**
   * Those that would be past a third of their time when the timer fires next; of those that a keeper should have extended, what it has
   * not by half of it: it may not reach its store.
   */
  async #extend(all: readonly HeldMessage[]): Promise<void> {
    const { clock, leaseMs } = this.#options;
    const beforeMs = clock.monotonicMs() - leaseMs / (this.#kept?.isKeeping === true ? 2 : 6);
    // What is about to start is extended by that.
    const due = all.filter(held => held.state !== 'starting' && this.#sinceMs(held) <= beforeMs);
    if (due.length === 0) return;
    this.#isExtending = true;
    for (let from = 0; from < due.length; from += pageMax)
      await this.#extendPage(due.slice(from, from + pageMax));
    this.#isExtending = false;
  }

  async #extendPage(due: readonly HeldMessage[]): Promise<void> {
    const { store, clock, leaseMs, onTrouble, onLost } = this.#options;
    const beforeMs = clock.monotonicMs();
    let results: readonly SettleResult[];
    try {
      results = await store.extend(
        due.map(({ handle }) => handle),
        leaseMs,
        { deadlineMs: leaseMs / 3 },
      );
    } catch (thrown) {
      onTrouble(thrown);
      return;
    }
    for (const [index, held] of due.entries()) {
      const result = results[index] as SettleResult;
      if (result.outcome === 'applied') held.renewedMs = Math.max(held.renewedMs, beforeMs);
      else if (result.outcome === 'not-applied' && held.state !== 'settling') onLost(held, true);
    }
  }

  #onLost(leases: readonly LeaseHandle[]): void {
    const tokens = new Set(leases.map(({ token }) => token));
    for (const held of this.#options.held) {
      // What is being settled is told by that: it may just have ended.
      if (tokens.has(held.handle.token) && held.state !== 'settling') this.#options.onLost(held, true);
    }
  }
}
