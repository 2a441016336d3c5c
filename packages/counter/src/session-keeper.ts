import { type Clock, QuorateError, type Store, type Timer } from '@quorate/core';
import { CounterSession } from './counter-session.ts';

/** How many counters one session adds to before a fresh one takes over: what a store remembers of a session is bounded by it. */
export const partitionsPerSession = 1000;

/** How often the watchdog goes round in a session's time to live: an answer is overdue after a third to two of it. */
const looksPerTtl = 4;

/**
 * The one session of a manager, opened when it is first needed, and the one before it for as long as somebody stands on it.
 */
export class SessionKeeper {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #ttlMs: number;
  readonly #sessions = new Set<CounterSession>();
  #current: CounterSession | undefined;
  #opening: Promise<CounterSession> | undefined;
  #watchdog: Timer | undefined;
  #isHurried = false;
  #isClosed = false;

  constructor(store: Store, clock: Clock, ttlMs: number) {
    this.#store = store;
    this.#clock = clock;
    this.#ttlMs = ttlMs;
  }

  /** How many live. */
  get size(): number {
    return this.#sessions.size;
  }

  /**
   * A session to stand on until {@link letGo}; at once where there is one.
   *
   * @throws QuorateError `UNAVAILABLE`, `CLOSED`, in a promise
   */
  use(): CounterSession | Promise<CounterSession> {
    const session = this.#fit();
    if (session === undefined) return this.#useNext();
    this.#watch();
    session.users++;
    return session;
  }

  letGo(session: CounterSession): void {
    session.users--;
    if (session.users > 0) return;
    if (session.isRetired || session.isLost) this.#end(session);
  }

  /** Has whoever stands on a session wait for no answer that is overdue. */
  hurry(): void {
    this.#isHurried = true;
    for (const session of this.#sessions) session.isClosing = true;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#watchdog?.cancel();
    await this.#opening?.catch(() => {});
    await Promise.all([...this.#sessions].map(session => session.end()));
    this.#watchdog?.cancel();
  }

  async #useNext(): Promise<CounterSession> {
    this.#opening ??= this.#open();
    const session = await this.#opening;
    this.#watch();
    session.users++;
    return session;
  }

  #fit(): CounterSession | undefined {
    const current = this.#current;
    if (current === undefined) return undefined;
    if (current.isLive && current.partitionCount < partitionsPerSession) return current;
    this.#current = undefined;
    current.isRetired = true;
    if (current.users === 0) this.#end(current);
    return undefined;
  }

  async #open(): Promise<CounterSession> {
    try {
      if (this.#isClosed)
        throw new QuorateError('CLOSED', 'The counters were closed', { outcome: 'not-applied' });
      const session = new CounterSession(
        await this.#store.session({ ttlMs: this.#ttlMs, deadlineMs: this.#ttlMs }),
      );
      session.isClosing = this.#isHurried;
      this.#sessions.add(session);
      this.#current = session;
      return session;
    } finally {
      this.#opening = undefined;
    }
  }

  #end(session: CounterSession): void {
    if (this.#current === session) this.#current = undefined;
    if (!this.#sessions.delete(session)) return;
    // Where this does not get through it ends by its time to live.
    void session.end().catch(() => {});
  }

  /** Goes round while anybody may wait. */
  #watch(): void {
    if (this.#watchdog !== undefined || this.#isClosed) return;
    const timer = this.#clock.setTimer(this.#ttlMs / looksPerTtl, () => {
      this.#watchdog = undefined;
      let isUsed = false;
      for (const session of this.#sessions) {
        session.look();
        isUsed ||= session.users > 0;
      }
      if (isUsed) this.#watch();
    });
    timer.unref();
    this.#watchdog = timer;
  }
}
