import { type Clock, QuorateError, type Session, type SessionId, type Timer } from '@quorate/core';
import type { StoreLink } from './store-link.ts';

/** What a session is renewed by, and its limits. */
export interface SimSessionContext {
  readonly link: StoreLink;
  readonly clock: Clock;
  readonly ttlMs: number;
  /** How long before the deadline the session is given up. */
  readonly marginMs: number;
}

/** Both readings of a clock at one moment: a session is only trusted while neither says that its time is over. */
export interface Moment {
  readonly monotonicMs: number;
  readonly wallMs: number;
}

/** Reads a clock. */
export function momentOf(clock: Clock): Moment {
  return { monotonicMs: clock.monotonicMs(), wallMs: clock.wallMs() };
}

/**
 * A client's side of a session. It renews three times in each time to live, and counts from before each renewal was sent, on its
 * own clock: where renewals do not get through, it gives the session up by itself.
 *
 * Once lost it stays lost, whatever a late answer says.
 */
export class SimSession implements Session {
  readonly id: SessionId;
  readonly #context: SimSessionContext;
  readonly #controller = new AbortController();
  #renewed: Moment;
  #renewalTimer: Timer;
  #deadlineTimer: Timer;

  /** @param opened when the request that opened it was sent */
  constructor(context: SimSessionContext, id: SessionId, opened: Moment) {
    this.#context = context;
    this.id = id;
    this.#renewed = opened;
    this.#renewalTimer = context.clock.setTimer(context.ttlMs / 3, this.#renew);
    this.#deadlineTimer = context.clock.setTimer(this.#leftMs(), this.#onDeadline);
  }

  get lost(): AbortSignal {
    return this.#controller.signal;
  }

  remainingMs(): number {
    if (this.lost.aborted) return 0;
    const leftMs = this.#leftMs();
    if (leftMs === 0) this.#lose('The time to live has passed without a renewal');
    return leftMs;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.lost.aborted) return;
    this.#end(
      new QuorateError('CLOSED', `Session ${this.id} was ended by its owner`, { outcome: 'applied' }),
    );
    // Where this does not get through the session ends by its time to live.
    await this.#context.link.call(service => service.endSession(this.id)).catch(() => {});
  }

  readonly #renew = (): void => {
    if (this.remainingMs() === 0) return;
    const { link, clock, ttlMs } = this.#context;
    const sent = momentOf(clock);
    this.#renewalTimer = clock.setTimer(ttlMs / 3, this.#renew);
    link
      .call(service => service.renewSession(this.id))
      .then(
        isAlive => this.#onAnswer(isAlive, sent),
        // One that does not get through is followed by the next.
        () => {},
      );
  };

  #onAnswer(isAlive: boolean, sent: Moment): void {
    if (this.remainingMs() === 0) return;
    if (!isAlive) this.#lose('The store has ended the session');
    else if (sent.monotonicMs > this.#renewed.monotonicMs) this.#renewed = sent;
  }

  readonly #onDeadline = (): void => {
    const leftMs = this.remainingMs();
    if (leftMs > 0) this.#deadlineTimer = this.#context.clock.setTimer(leftMs, this.#onDeadline);
  };

  #leftMs(): number {
    const { clock, ttlMs, marginMs } = this.#context;
    const monotonicMs = clock.monotonicMs() - this.#renewed.monotonicMs;
    const wallMs = clock.wallMs() - this.#renewed.wallMs;
    return Math.max(0, ttlMs - marginMs - Math.max(monotonicMs, wallMs));
  }

  #lose(why: string): void {
    this.#end(new QuorateError('SESSION_LOST', `Session ${this.id} is lost: ${why}`, { outcome: 'unknown' }));
  }

  #end(reason: QuorateError): void {
    this.#renewalTimer.cancel();
    this.#deadlineTimer.cancel();
    this.#controller.abort(reason);
  }
}
