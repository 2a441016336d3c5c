import { type Clock, QuorateError, type SessionId, type Timer } from '@quorate/core';
import type { RedisKeys } from '../redis-keys.ts';
import { observeSessionScript } from '../scripts/session-scripts.ts';
import type { ScriptRunner } from './script-runner.ts';
import type { Subscriptions } from './subscriptions.ts';
import type { Sweeper } from './sweeper.ts';

/** How long after its deadline a session is looked at, and how long it is waited where there was no answer. */
const afterDeadlineMs = 1;
const restMs = 250;

/** Who waits for longer than this is told of the session's end. Most waits are shorter, and need not subscribe to anything. */
const listenAfterMs = 100;

/** A timer that is set for longer than it can be rings at once. */
const waitMaxMs = 2 ** 30;

export interface SessionObserversOptions {
  readonly runner: ScriptRunner;
  readonly keys: RedisKeys;
  readonly clock: Clock;
  readonly subscriptions: Subscriptions;
  readonly sweeper: Sweeper;
}

/**
 * Waits for sessions to die: one wait for each session, however many ask. It asks the server, then waits for what is left of the
 * session's time, or until its end is told, and asks again. An end in the first moments of a wait is known once they are over.
 */
export class SessionObservers implements Disposable {
  readonly #options: SessionObserversOptions;
  readonly #observed = new Map<SessionId, ObservedSession>();

  constructor(options: SessionObserversOptions) {
    this.#options = options;
  }

  /** Settles once the session is dead. @throws QuorateError `CLOSED` */
  observe(session: SessionId, signal: AbortSignal | undefined): Promise<void> {
    const known = this.#observed.get(session);
    const observed =
      known ?? new ObservedSession(this.#options, session, () => this.#observed.delete(session));
    if (known === undefined) this.#observed.set(session, observed);
    return observed.wait(signal);
  }

  [Symbol.dispose](): void {
    for (const observed of this.#observed.values()) observed.close();
  }
}

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: QuorateError) => void;
}

class ObservedSession {
  readonly #options: SessionObserversOptions;
  readonly #session: SessionId;
  readonly #onEnd: () => void;
  readonly #waiters = new Set<Waiter>();
  #subscription: Disposable | undefined;
  readonly #listenTimer: Timer;
  #timer: Timer | undefined;
  #asks = 0;
  #isEnded = false;

  constructor(options: SessionObserversOptions, session: SessionId, onEnd: () => void) {
    this.#options = options;
    this.#session = session;
    this.#onEnd = onEnd;
    this.#listenTimer = options.clock.setTimer(listenAfterMs, () => this.#listen());
    void this.#ask();
  }

  wait(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiter: Waiter = { resolve, reject };
      this.#waiters.add(waiter);
      signal?.addEventListener('abort', () => this.#leave(waiter), { once: true });
    });
  }

  close(): void {
    const closed = new QuorateError('CLOSED', 'The store was closed', { outcome: 'not-applied' });
    this.#end(waiter => waiter.reject(closed));
  }

  /** Nobody waits for this one any more. */
  #leave(waiter: Waiter): void {
    if (this.#waiters.delete(waiter) && this.#waiters.size === 0) this.#end(() => {});
  }

  #listen(): void {
    const { keys, subscriptions } = this.#options;
    const ask = (): void => void this.#ask();
    // What ends before the channel is ready is found by asking once it is.
    this.#subscription = subscriptions.listen(keys.ended(this.#session), { onMessage: ask, onReady: ask });
  }

  async #ask(): Promise<void> {
    const { runner, keys, clock, sweeper } = this.#options;
    const ask = ++this.#asks;
    this.#timer?.cancel();
    const leftUs = await runner
      .run(observeSessionScript, keys.sessions, this.#session)
      .then(Number, () => undefined);
    if (this.#isEnded || ask !== this.#asks) return;
    if (leftUs === 0) {
      this.#end(waiter => waiter.resolve());
      sweeper.sweepSoon();
      return;
    }
    const waitMs = leftUs === undefined ? restMs : Math.min(leftUs / 1000 + afterDeadlineMs, waitMaxMs);
    this.#timer = clock.setTimer(waitMs, () => void this.#ask());
  }

  #end(tell: (waiter: Waiter) => void): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#timer?.cancel();
    this.#listenTimer.cancel();
    this.#subscription?.[Symbol.dispose]();
    this.#onEnd();
    for (const waiter of this.#waiters) tell(waiter);
    this.#waiters.clear();
  }
}
