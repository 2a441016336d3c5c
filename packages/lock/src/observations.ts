import { type Clock, errorCode, type SessionId, sleep, type Store } from '@quorate/core';

interface Observation {
  readonly listeners: Set<() => void>;
  readonly ended: AbortController;
}

/** How long after a failure to ask again. */
const restMs = 250;

/** What a wait ends with that nobody needs any more: made once, for an abort without a reason makes an error each time. */
export const waitOver: Error = new Error('The wait is over');

/** One wait for the death of each session, however many want to know of it. */
export class Observations {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #observed = new Map<SessionId, Observation>();

  constructor(store: Store, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** How many sessions are observed. */
  get size(): number {
    return this.#observed.size;
  }

  /** Calls back once the session is dead, unless disposed before. */
  observe(session: SessionId, onDead: () => void): Disposable {
    const observation = this.#observed.get(session) ?? this.#begin(session);
    // A function of its own, so that the same one given twice is two.
    const listener = (): void => onDead();
    observation.listeners.add(listener);
    return {
      [Symbol.dispose]: () => {
        if (!observation.listeners.delete(listener) || observation.listeners.size > 0) return;
        if (this.#observed.get(session) === observation) this.#observed.delete(session);
        observation.ended.abort(waitOver);
      },
    };
  }

  #begin(session: SessionId): Observation {
    const observation: Observation = { listeners: new Set(), ended: new AbortController() };
    this.#observed.set(session, observation);
    void this.#watch(session, observation);
    return observation;
  }

  async #watch(session: SessionId, observation: Observation): Promise<void> {
    const { signal } = observation.ended;
    while (!signal.aborted) {
      try {
        await this.#store.observe(session, { signal });
        break;
      } catch (thrown) {
        if (signal.aborted || errorCode(thrown) === 'CLOSED') return;
        await sleep(this.#clock, restMs, { signal }).catch(() => {});
      }
    }
    if (signal.aborted) return;
    this.#observed.delete(session);
    for (const listener of observation.listeners) listener();
  }
}
