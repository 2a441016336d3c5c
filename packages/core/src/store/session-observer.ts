import type { Clock } from '../clock.ts';
import type { SessionId } from '../ids.ts';
import { errorCode, QuorateError } from '../quorate-error.ts';
import { Wake } from '../wake.ts';

/** The longest time between two looks. */
const lookMaxMs = 30_000;

/** How long it rests where the server cannot be asked. */
const restMs = 500;

export interface SessionObserverOptions {
  readonly clock: Clock;
  /**
   * Has `hear` told of each session that ends, and of nothing where some ends may have been missed; gives what ends that. A hint
   * that saves waiting.
   */
  readonly listen: (hear: (ended: string | undefined) => void) => () => void;
  /** How long a session has left, by whatever the engine judges it; nothing where it is dead. */
  readonly leftMs: (session: SessionId) => Promise<number | undefined>;
}

interface Observation {
  readonly end: Promise<void>;
  readonly controller: AbortController;
  observers: number;
}

/** Waits for sessions to die, for drivers of the Store: one wait for each session, however many want to know. */
export class SessionObserver {
  readonly #options: SessionObserverOptions;
  readonly #observations = new Map<SessionId, Observation>();

  constructor(options: SessionObserverOptions) {
    this.#options = options;
  }

  async observe(session: SessionId, signal: AbortSignal | undefined): Promise<void> {
    if (signal?.aborted) return;
    const observation = this.#observationOf(session);
    observation.observers++;
    let leave = (): void => {};
    try {
      const left = new Promise<void>(resolve => (leave = resolve));
      signal?.addEventListener('abort', leave, { once: true });
      await Promise.race([observation.end, left]);
    } finally {
      signal?.removeEventListener('abort', leave);
      if (--observation.observers === 0) {
        observation.controller.abort();
        if (this.#observations.get(session) === observation) this.#observations.delete(session);
      }
    }
  }

  /** Ends all waits as `CLOSED`. */
  close(): void {
    for (const { controller } of this.#observations.values()) {
      controller.abort(new QuorateError('CLOSED', 'The store was closed', { outcome: 'not-applied' }));
    }
  }

  #observationOf(session: SessionId): Observation {
    let observation = this.#observations.get(session);
    if (observation === undefined) {
      const controller = new AbortController();
      const end = this.#wait(session, controller.signal);
      // Whoever observes is told; where nobody does any more, nobody is.
      end.catch(() => {});
      observation = { controller, observers: 0, end };
      this.#observations.set(session, observation);
    }
    return observation;
  }

  async #wait(session: SessionId, signal: AbortSignal): Promise<void> {
    const { clock, listen } = this.#options;
    const wake = new Wake();
    const remove = listen(ended => {
      if (ended === undefined || ended === session) wake.call();
    });
    try {
      while (!signal.aborted) {
        const leftMs = await this.#leftMs(session);
        if (leftMs === undefined) return;
        await wake.wait(clock, Math.min(leftMs + 1, lookMaxMs), signal);
      }
    } finally {
      remove();
    }
    signal.throwIfAborted();
  }

  async #leftMs(session: SessionId): Promise<number | undefined> {
    try {
      return await this.#options.leftMs(session);
    } catch (thrown) {
      if (errorCode(thrown) !== 'UNAVAILABLE') throw thrown;
      return restMs;
    }
  }
}
