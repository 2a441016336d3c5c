import type { Clock, GroupId, Journal, NodeId, Timer } from '@quorate/core';
import type { CatchUpTurn, EntryFetch } from '../raft/effects.ts';
import type { Raft } from '../raft/raft.ts';
import { CatchUpPace } from './catch-up-pace.ts';
import { EntryFetcher } from './entry-fetcher.ts';

/** Whose followers are far behind. */
export interface CatchUpHost {
  readonly options: {
    readonly clock: Clock;
    readonly journal: Journal;
    readonly group: GroupId;
    readonly heartbeatTicks: number;
    readonly tickMs: number;
  };
  /** The core, which may be another one the next time. */
  readonly raft: Raft;
  guarded<Result>(act: () => Result): Result;
  schedule(): void;
}

/**
 * Brings followers up to date that are far behind: reads the log for them, and says when each is sent more. Without which a
 * majority is in step has to wait while others call; nobody waits for those who do not.
 */
export class CatchUp implements Disposable {
  readonly #host: CatchUpHost;
  readonly #fetcher: EntryFetcher;
  readonly #paces = new Map<NodeId, CatchUpPace>();
  /** Of turns in the log, and of pieces of a snapshot: either may wait while the other does. */
  readonly #turns = new Map<NodeId, Timer>();
  readonly #pieces = new Map<NodeId, Timer>();
  #calledMs = Number.NEGATIVE_INFINITY;
  #disposed = false;

  constructor(host: CatchUpHost) {
    const { clock, journal, group } = host.options;
    this.#host = host;
    this.#fetcher = new EntryFetcher(journal, group, clock);
  }

  /** Somebody writes or reads, and shall not wait for those who are behind. */
  called(): void {
    this.#calledMs = this.#host.options.clock.monotonicMs();
  }

  /** Hands the core what it asked for. */
  async fetch(fetch: EntryFetch): Promise<void> {
    const { raft } = this.#host;
    const entries = await this.#fetcher.read(fetch);
    if (this.#host.raft !== raft || this.#disposed) return;
    this.#host.guarded(() => raft.entriesRead(fetch.peer, fetch.from, entries));
    this.#host.schedule();
  }

  /** Gives a follower its turn when it is time. */
  turn({ peer, last, sentCount, sentBytes }: CatchUpTurn): void {
    const { raft } = this.#host;
    const pace = this.#paceOf(peer);
    pace.grown(last, sentCount, sentBytes);
    pace.paid(sentBytes);
    this.#after(this.#turns, peer, this.#isQuiet ? 0 : pace.waitMs, () => {
      if (this.#host.raft !== raft) return;
      raft.catchUp(peer);
      this.#host.schedule();
    });
  }

  /**
   * Whether a piece of a snapshot may leave now; else `again` is called when it may.
   */
  mayLeave(peer: NodeId, byteCount: number, again: () => void): boolean {
    const pace = this.#paceOf(peer);
    const waitMs = this.#isQuiet || !this.#host.raft.isSpared(peer) ? 0 : pace.waitMs;
    if (waitMs > 0) {
      this.#after(this.#pieces, peer, waitMs, again);
      return false;
    }
    pace.paid(byteCount);
    return true;
  }

  [Symbol.dispose](): void {
    this.#disposed = true;
    this.#fetcher[Symbol.dispose]();
    for (const timers of [this.#turns, this.#pieces]) {
      for (const timer of timers.values()) timer.cancel();
      timers.clear();
    }
  }

  /** Whether nobody called for a while. */
  get #isQuiet(): boolean {
    const { clock, heartbeatTicks, tickMs } = this.#host.options;
    return clock.monotonicMs() - this.#calledMs > heartbeatTicks * tickMs;
  }

  #after(timers: Map<NodeId, Timer>, peer: NodeId, waitMs: number, act: () => void): void {
    const { clock } = this.#host.options;
    // A timer of the platform takes whole milliseconds, 1 at least.
    const delayMs = Math.max(1, Math.ceil(waitMs));
    const dueMs = clock.monotonicMs() + delayMs;
    timers.get(peer)?.cancel();
    const timer = clock.setTimer(delayMs, () => {
      timers.delete(peer);
      if (this.#disposed) return;
      this.#paceOf(peer).fired(clock.monotonicMs() - dueMs);
      act();
    });
    timers.set(peer, timer);
  }

  #paceOf(peer: NodeId): CatchUpPace {
    let pace = this.#paces.get(peer);
    if (pace === undefined) {
      pace = new CatchUpPace(this.#host.options.clock);
      this.#paces.set(peer, pace);
    }
    return pace;
  }
}
