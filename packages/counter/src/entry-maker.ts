import {
  type Clock,
  type Entry,
  errorCode,
  QuorateError,
  type Session,
  type Store,
  type Timer,
  type WriteResult,
} from '@quorate/core';
import { numberBytes } from './int64.ts';

/** Makes the entry of a number, as 0. */
export interface EntryMaker {
  /** @returns the entry, made by us or by somebody else; nothing where it is gone again or nobody can tell */
  make(key: string): Promise<Entry | undefined>;
}

/** Makes numbers that stay. */
export function lastingMaker(store: Store): EntryMaker {
  return {
    async make(key) {
      return entryOf(await store.put(key, numberBytes(0n), { absent: true }));
    },
  };
}

/** The most numbers that end by themselves, of one manager at a time: each has a heartbeat. */
export const expiringMax = 10_000;

/**
 * Makes numbers that end: each is owned by a session of its own, which is ended when its time is over.
 *
 * The session's time to live is that of the number: where the maker dies, the number ends by itself, later by up to that time.
 */
export class ExpiringNumbers {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #live = new Map<Session, Timer>();

  constructor(store: Store, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  get size(): number {
    return this.#live.size;
  }

  maker(expiresMs: number): EntryMaker {
    return { make: key => this.#make(key, expiresMs) };
  }

  async close(): Promise<void> {
    const sessions = [...this.#live.keys()];
    await Promise.all(sessions.map(session => this.#end(session)));
  }

  /** @throws QuorateError `COUNTER_BUSY`, `UNAVAILABLE` */
  async #make(key: string, expiresMs: number): Promise<Entry | undefined> {
    if (this.#live.size >= expiringMax)
      throw new QuorateError(
        'COUNTER_BUSY',
        `${expiringMax} counters that end by themselves are alive already`,
        {
          outcome: 'not-applied',
          retryable: true,
        },
      );
    const fromMs = this.#clock.monotonicMs();
    const session = await this.#store.session({ ttlMs: expiresMs });
    const end = (): void => void this.#end(session);
    const timer = this.#clock.setTimer(Math.max(0, fromMs + expiresMs - this.#clock.monotonicMs()), end);
    timer.unref();
    this.#live.set(session, timer);
    session.lost.addEventListener('abort', end, { once: true });
    try {
      const result = await this.#store.put(key, numberBytes(0n), { absent: true }, { session: session.id });
      const entry = entryOf(result) ?? (await this.#store.get(key));
      // Not ours: either there was one, or ours may still come, to die with its session.
      if (entry?.session !== session.id) end();
      return entry;
    } catch (thrown) {
      end();
      if (errorCode(thrown) === 'SESSION_LOST') return undefined;
      throw thrown;
    }
  }

  async #end(session: Session): Promise<void> {
    this.#live.get(session)?.cancel();
    if (!this.#live.delete(session)) return;
    // Where this does not get through it ends by its time to live.
    await Promise.resolve(session[Symbol.asyncDispose]()).catch(() => {});
  }
}

function entryOf(result: WriteResult): Entry | undefined {
  if (result.outcome === 'applied') return result.entry;
  return result.outcome === 'not-applied' ? result.current : undefined;
}
