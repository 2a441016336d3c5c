import type { Clock, Timer } from '../clock.ts';
import type { SessionId } from '../ids.ts';
import { QuorateError } from '../quorate-error.ts';
import type { Session } from './store.ts';

/** What a session is kept alive by, and its limits. */
export interface KeptSessionOptions {
  readonly id: SessionId;
  readonly clock: Clock;
  readonly ttlMs: number;
  /** How long before the deadline it is given up: for what clocks differ in rate, and timers are late. */
  readonly marginMs: number;
  /** When the request that opened it was sent. */
  readonly opened: Moment;
  /** Has the engine let it live for its whole time again. False: it is dead. What rejects is tried again. */
  readonly renew: () => Promise<boolean>;
  /** Has the engine end it. */
  readonly end: () => Promise<void>;
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

/** In a third of its time to live a session is renewed, so that two renewals may fail. */
const renewalsPerTtl = 3;

/** How long its owner waits for the engine to have ended it. */
const endMs = 1000;

/**
 * A client's side of a session. It renews three times in each time to live, and counts from before each renewal was sent, on its
 * own clock: where renewals do not get through, it gives the session up by itself.
 *
 * Monotonic time covers a wall clock that is set back; wall time covers a machine that was suspended, which monotonic time does
 * not count on Linux. Once lost it stays lost, whatever a late answer says.
 */
export class KeptSession implements Session {
  readonly id: SessionId;
  readonly #options: KeptSessionOptions;
  readonly #controller = new AbortController();
  #renewed: Moment;
  #renewalTimer: Timer;
  #deadlineTimer: Timer;

  constructor(options: KeptSessionOptions) {
    this.#options = options;
    this.id = options.id;
    this.#renewed = options.opened;
    this.#renewalTimer = options.clock.setTimer(options.ttlMs / renewalsPerTtl, this.#renew);
    this.#deadlineTimer = options.clock.setTimer(this.#leftMs(), this.#onDeadline);
    // What is held keeps nobody from ending: a process that has nothing else to do lets its sessions expire.
    this.#renewalTimer.unref();
    this.#deadlineTimer.unref();
  }

  get lost(): AbortSignal {
    return this.#controller.signal;
  }

  remainingMs(): number {
    if (this.lost.aborted) return 0;
    const leftMs = this.#leftMs();
    if (leftMs === 0) this.lose('The time to live has passed without a renewal');
    return leftMs;
  }

  /** Gives it up, where the engine has said by another way that it is dead. */
  lose(why: string): void {
    this.#end(new QuorateError('SESSION_LOST', `Session ${this.id} is lost: ${why}`, { outcome: 'unknown' }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.lost.aborted) return;
    this.#end(
      new QuorateError('CLOSED', `Session ${this.id} was ended by its owner`, { outcome: 'applied' }),
    );
    // Where this does not get through the session ends by its time to live.
    const { clock, end } = this.#options;
    await new Promise<void>(resolve => {
      const timer = clock.setTimer(endMs, resolve);
      const settle = (): void => {
        timer.cancel();
        resolve();
      };
      end().then(settle, settle);
    });
  }

  readonly #renew = (): void => {
    if (this.remainingMs() === 0) return;
    const { clock, ttlMs, renew } = this.#options;
    const sent = momentOf(clock);
    this.#renewalTimer = clock.setTimer(ttlMs / renewalsPerTtl, this.#renew);
    this.#renewalTimer.unref();
    renew().then(
      isAlive => this.#onAnswer(isAlive, sent),
      // One that does not get through is followed by the next.
      () => {},
    );
  };

  #onAnswer(isAlive: boolean, sent: Moment): void {
    if (this.remainingMs() === 0) return;
    if (!isAlive) this.lose('The store has ended the session');
    else if (sent.monotonicMs > this.#renewed.monotonicMs) this.#renewed = sent;
  }

  readonly #onDeadline = (): void => {
    const leftMs = this.remainingMs();
    if (leftMs === 0) return;
    this.#deadlineTimer = this.#options.clock.setTimer(leftMs, this.#onDeadline);
    this.#deadlineTimer.unref();
  };

  #leftMs(): number {
    const { clock, ttlMs, marginMs } = this.#options;
    const monotonicMs = clock.monotonicMs() - this.#renewed.monotonicMs;
    const wallMs = clock.wallMs() - this.#renewed.wallMs;
    return Math.max(0, ttlMs - marginMs - Math.max(monotonicMs, wallMs));
  }

  #end(reason: QuorateError): void {
    this.#renewalTimer.cancel();
    this.#deadlineTimer.cancel();
    this.#controller.abort(reason);
  }
}
