import type { Clock, Session, Store, Timer } from '@quorate/core';

/**
 * Sessions that own the tokens of keyed additions, so that these are forgotten in time: one takes all tokens of a period, and is
 * ended a period later. Where this process dies they live on for a period at least.
 */
export class TokenSessions {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #periodMs: number;
  readonly #deadlineMs: number;
  readonly #live = new Map<Session, Timer>();
  #current: Session | undefined;
  #opening: Promise<Session> | undefined;
  #untilMs = 0;

  /** @param deadlineMs how long the store may take to open one */
  constructor(store: Store, clock: Clock, periodMs: number, deadlineMs: number) {
    this.#store = store;
    this.#clock = clock;
    this.#periodMs = periodMs;
    this.#deadlineMs = deadlineMs;
  }

  /** @throws QuorateError `UNAVAILABLE`, `CLOSED` */
  async use(): Promise<Session> {
    const current = this.#current;
    if (current !== undefined && this.#clock.monotonicMs() < this.#untilMs && current.remainingMs() > 0)
      return current;
    this.#opening ??= this.#open().finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  /** Takes no further tokens into a session that the store says is dead. It ends when its time comes, if it is not. */
  abandon(session: Session): void {
    if (this.#current === session) this.#current = undefined;
  }

  async close(): Promise<void> {
    await this.#opening?.catch(() => {});
    await Promise.all([...this.#live.keys()].map(session => this.#end(session)));
  }

  async #open(): Promise<Session> {
    // A renewal may be a third of the time to live old when this process dies.
    const ttlMs = this.#periodMs * 1.5;
    const session = await this.#store.session({ ttlMs, deadlineMs: this.#deadlineMs });
    const timer = this.#clock.setTimer(2 * this.#periodMs, () => void this.#end(session));
    timer.unref();
    this.#live.set(session, timer);
    session.lost.addEventListener('abort', () => void this.#end(session), { once: true });
    this.#current = session;
    this.#untilMs = this.#clock.monotonicMs() + this.#periodMs;
    return session;
  }

  async #end(session: Session): Promise<void> {
    this.#live.get(session)?.cancel();
    if (!this.#live.delete(session)) return;
    // Where this does not get through it ends by its time to live.
    await Promise.resolve(session[Symbol.asyncDispose]()).catch(() => {});
  }
}
