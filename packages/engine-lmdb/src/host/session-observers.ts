import { type Clock, type SessionId, systemClock, type Timer } from '@quorate/core';
import { SettledLater } from './settled-later.ts';
import type { StoreHost } from './store-host.ts';

/** The longest a session is taken at its word, ms: so that a record of nonsense cannot stop a timer. */
const restMaxMs = 2 ** 31 - 1;

/** One wait for a session's end, shared by all in this thread who wait for it. */
interface Observation {
  readonly settled: Promise<void>;
  users: number;
  readonly end: () => void;
}

/**
 * Waits for sessions to end. Three may say so: its owner, who ends it in the database; the kernel, which closes the socket of a host
 * that dies; and the machine's clock, once its time is over. Until then nothing is sent and nothing is read.
 */
export class SessionObservers {
  readonly #host: StoreHost;
  readonly #clock: Clock = systemClock;
  readonly #observations = new Map<SessionId, Observation>();

  constructor(host: StoreHost) {
    this.#host = host;
  }

  /** Settles when a session is dead, or the signal aborts. */
  async observe(session: SessionId, signal: AbortSignal | undefined): Promise<void> {
    if (!this.#host.isAlive(session)) return;
    let observation = this.#observations.get(session);
    if (observation === undefined) {
      observation = this.#begin(session);
      this.#observations.set(session, observation);
    }
    const mine = observation;
    mine.users++;
    try {
      await untilAborted(mine.settled, signal);
    } finally {
      mine.users--;
      if (mine.users === 0) {
        mine.end();
        // It may have been over before it was known.
        if (this.#observations.get(session) === mine) this.#observations.delete(session);
      }
    }
  }

  #begin(session: SessionId): Observation {
    const later = new SettledLater();
    const host = this.#host;
    let timer: Timer | undefined;
    let isOver = false;
    const owner = host.read(({ sessions }) => sessions.get(session))?.host;
    const unobserve = owner === undefined ? undefined : host.links.observe(owner);
    const end = (): void => {
      if (isOver) return;
      isOver = true;
      timer?.cancel();
      unobserve?.();
      unsubscribe();
      if (this.#observations.get(session)?.settled === later.promise) this.#observations.delete(session);
    };
    const look = (): void => {
      if (isOver) return;
      timer?.cancel();
      try {
        const leftMs = host.read(({ sessions }) => sessions.leftMs(session));
        if (leftMs > 0) {
          timer = this.#clock.setTimer(Math.min(leftMs, restMaxMs), look);
          timer.unref();
          return;
        }
        end();
        later.resolve();
        // Its entries need not wait for the next poll.
        host.sweep();
      } catch (thrown) {
        end();
        later.reject(thrown);
      }
    };
    const unsubscribe = host.topics.subscribe(`X${session}`, look);
    // It may have ended before the database said that this host is to be woken.
    host.topics.registered(`X${session}`).then(look, look);
    look();
    return { settled: later.promise, users: 0, end };
  }
}

function untilAborted(wait: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return wait;
  return new Promise((resolve, reject) => {
    const onAbort = (): void => resolve();
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    wait.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
