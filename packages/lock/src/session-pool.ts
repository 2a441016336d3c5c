import { type Clock, QuorateError, type Store, type Timer } from '@quorate/core';
import { LockSession } from './lock-session.ts';

/** The sessions of one time to live: those that were retired live on until their last lock is released. */
interface Shelf {
  current: LockSession | undefined;
  opening: Promise<LockSession> | undefined;
  /** Ends a session that nobody used for its time to live. */
  idle: Timer | undefined;
}

/**
 * The sessions of a manager: one for each time to live in use, whatever is held. So a process has one heartbeat, as long as all its
 * locks take the default.
 */
export class SessionPool {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #defaultTtlMs: number;
  readonly #shelves = new Map<number, Shelf>();
  readonly #sessions = new Set<LockSession>();
  #isClosed = false;

  constructor(store: Store, clock: Clock, defaultTtlMs: number) {
    this.#store = store;
    this.#clock = clock;
    this.#defaultTtlMs = defaultTtlMs;
  }

  /** How many live. */
  get size(): number {
    return this.#sessions.size;
  }

  /** The one that is open, if it can be used: until {@link letGo}. */
  ready(ttlMs: number): LockSession | undefined {
    const session = this.#fit(this.#shelf(ttlMs));
    if (session !== undefined) session.users++;
    return session;
  }

  /**
   * A session to stand on, opened where there is none, until {@link letGo}.
   *
   * @throws QuorateError `UNAVAILABLE`, `CLOSED`
   */
  async use(ttlMs: number): Promise<LockSession> {
    const shelf = this.#shelf(ttlMs);
    const session = await (shelf.opening ??= this.#open(shelf, ttlMs));
    // Between the opening and here it may have been lost: the ticket finds out at once.
    session.users++;
    return session;
  }

  letGo(session: LockSession): void {
    session.users--;
    if (session.users > 0) return;
    if (session.isRetired) this.#end(session);
    else if (session.ttlMs !== this.#defaultTtlMs) this.#endWhenIdle(session);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const { idle } of this.#shelves.values()) idle?.cancel();
    await Promise.all([...this.#sessions].map(session => session.end()));
  }

  #shelf(ttlMs: number): Shelf {
    let shelf = this.#shelves.get(ttlMs);
    if (shelf === undefined) {
      shelf = { current: undefined, opening: undefined, idle: undefined };
      this.#shelves.set(ttlMs, shelf);
    }
    shelf.idle?.cancel();
    shelf.idle = undefined;
    return shelf;
  }

  #fit(shelf: Shelf): LockSession | undefined {
    const { current } = shelf;
    if (current === undefined) return undefined;
    if (current.remainingMs() > 0 && !current.isUsedUp) return current;
    shelf.current = undefined;
    current.isRetired = true;
    if (current.users === 0) this.#end(current);
    return undefined;
  }

  async #open(shelf: Shelf, ttlMs: number): Promise<LockSession> {
    try {
      // An opening that takes longer than its session would live is of no use to anybody.
      const opened = await this.#store.session({ ttlMs, deadlineMs: ttlMs });
      const session = new LockSession(opened, ttlMs);
      if (this.#isClosed) {
        void session.end();
        throw new QuorateError('CLOSED', 'The lock manager was closed', { outcome: 'not-applied' });
      }
      this.#sessions.add(session);
      session.onLost(() => this.#forget(shelf, session));
      shelf.current = session;
      return session;
    } finally {
      shelf.opening = undefined;
    }
  }

  #endWhenIdle(session: LockSession): void {
    const { ttlMs } = session;
    const shelf = this.#shelf(ttlMs);
    shelf.idle = this.#clock.setTimer(ttlMs, () => {
      this.#shelves.delete(ttlMs);
      session.isRetired = true;
      this.#end(session);
    });
    shelf.idle.unref();
  }

  #forget(shelf: Shelf, session: LockSession): void {
    this.#sessions.delete(session);
    session.isRetired = true;
    if (shelf.current === session) shelf.current = undefined;
  }

  #end(session: LockSession): void {
    this.#sessions.delete(session);
    void session.end();
  }
}
