import {
  boundedWait,
  type Clock,
  type Entry,
  errorCode,
  QuorateError,
  type Session,
  type SessionId,
  type Store,
  type WaitOptions,
  Wake,
} from '@quorate/core';
import { encodeDescription, type Health, type ServiceDescription } from './service-instance.ts';

/** An instance's place in the registry, kept for as long as this is not disposed of. */
export interface Registration extends AsyncDisposable {
  readonly service: string;
  readonly id: string;
  /** Whether the store has it, as far as is known: not while a lost session is replaced by another one. */
  readonly isRegistered: boolean;
  /** Aborts when it is over: `REPLACED` where another one took the same id, else `CLOSED`. */
  readonly ended: AbortSignal;

  /**
   * Changes what it tells of itself. Settles when the store has it; of several, the last one counts.
   *
   * @throws QuorateError `ABORTED`, `DEADLINE_EXCEEDED` (it goes on trying), `REPLACED`, `CLOSED`
   * @throws TypeError, RangeError for a description that is none
   */
  update(change: Partial<ServiceDescription>, options?: WaitOptions): Promise<void>;

  /** {@link update} of the health alone. */
  setHealth(state: Health['state'], reason?: string, options?: WaitOptions): Promise<void>;
}

/** What a {@link KeptRegistration} needs. */
export interface RegistrationParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly key: string;
  readonly service: string;
  readonly id: string;
  readonly ttlMs: number;
  readonly description: ServiceDescription;
}

/** Between two tries where the store cannot be reached. */
const retryMs = 500;
/** How many of its sessions it knows. An entry names one of the last. */
const ownSessionsMax = 64;
/** The longest rest of a registration that nothing seems to happen to. */
const restMs = 60_000;

/**
 * Keeps an entry in the store: opens a session, writes under it, and does it again where the session is lost or somebody
 * deleted the entry. One task does everything, one operation at a time, so an unknown outcome is settled before the next begins.
 */
export class KeptRegistration implements Registration {
  readonly service: string;
  readonly id: string;
  readonly #parts: RegistrationParts;
  readonly #controller: AbortController = new AbortController();
  readonly #wake: Wake = new Wake();
  /** Look whether what they wait for is so. */
  readonly #waiters: Set<() => void> = new Set();
  /** Sessions that it may have written under, the last ones. Whatever names another one is somebody else's. */
  readonly #own: Set<SessionId> = new Set();
  /** Whether it ever had its place: until then it takes it from whoever has it. */
  #hadPlace = false;
  readonly #task: Promise<void>;
  #description: ServiceDescription;
  /** How often the description was changed, and which of these the store has. */
  #wanted = 1;
  #stored = 0;
  #sequence = 0;
  /** Whether the entry may not be as it was written. */
  #isDoubtful = false;

  constructor(parts: RegistrationParts) {
    encodeDescription(parts.description);
    this.#parts = parts;
    this.service = parts.service;
    this.id = parts.id;
    this.#description = parts.description;
    this.#task = this.#run();
  }

  get isRegistered(): boolean {
    return this.#stored > 0 && !this.ended.aborted;
  }

  get ended(): AbortSignal {
    return this.#controller.signal;
  }

  async update(change: Partial<ServiceDescription>, options: WaitOptions = {}): Promise<void> {
    this.ended.throwIfAborted();
    const given = Object.entries(change).filter(([, value]) => value !== undefined);
    const description: ServiceDescription = { ...this.#description, ...Object.fromEntries(given) };
    encodeDescription(description);
    this.#description = description;
    this.#wanted++;
    this.#wake.call();
    await this.stored(options);
  }

  setHealth(state: Health['state'], reason = '', options: WaitOptions = {}): Promise<void> {
    return this.update({ health: { state, reason } }, options);
  }

  /** Settles once the store has what is wanted now. */
  stored(options: WaitOptions): Promise<void> {
    const wanted = this.#wanted;
    return boundedWait(
      this.#parts.clock,
      options,
      'unknown',
      signal =>
        new Promise<void>((resolve, reject) => {
          const settle = (): void => {
            if (this.#stored >= wanted) resolve();
            else if (this.ended.aborted) reject(this.ended.reason as Error);
            else return;
            this.#waiters.delete(settle);
          };
          this.#waiters.add(settle);
          signal?.addEventListener('abort', () => this.#waiters.delete(settle), { once: true });
          settle();
        }),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end(
      new QuorateError('CLOSED', `The registration of "${this.id}" was ended`, { outcome: 'applied' }),
    );
    await this.#task;
  }

  async #run(): Promise<void> {
    while (!this.ended.aborted) {
      try {
        await this.#underSession();
      } catch (thrown) {
        if (this.ended.aborted) return;
        if (!isPassing(thrown)) this.#end(thrown);
        else await this.#rest(retryMs);
      }
    }
  }

  /** Holds the entry for as long as one session lasts. */
  async #underSession(): Promise<void> {
    const { store, ttlMs, key } = this.#parts;
    await using session = await store.session({ ttlMs, signal: this.ended });
    session.lost.addEventListener('abort', () => this.#wake.call(), { once: true });
    // Before anything is written: of a write whose outcome is never known the entry may still come to stand there.
    this.#own.add(session.id);
    for (const oldest of this.#own) if (this.#own.size > ownSessionsMax) this.#own.delete(oldest);
    this.#sequence = 0;
    this.#isDoubtful = true;
    const watching = new AbortController();
    try {
      let isWatched = false;
      while (!this.ended.aborted && !session.lost.aborted) {
        if (this.#isDoubtful || this.#stored < this.#wanted) {
          const entry = await this.#place(session);
          if (entry !== undefined && !isWatched) {
            isWatched = true;
            void this.#watch(key, entry, session, watching.signal);
          }
        } else await this.#rest(restMs);
      }
    } finally {
      watching.abort();
      if (!this.ended.aborted) this.#stored = 0;
    }
  }

  /** Writes what is wanted, over whatever stood there first; later on only over what is its own. */
  async #place(session: Session): Promise<Entry | undefined> {
    const { store, key } = this.#parts;
    const current = await store.get(key, { signal: this.ended });
    this.#isDoubtful = false;
    const isForeign = current !== undefined && !this.#isOwn(current);
    if (isForeign && this.#hadPlace) {
      this.#end(
        new QuorateError('REPLACED', `Another registration took the id "${this.id}"`, { outcome: 'applied' }),
      );
      return undefined;
    }
    const wanted = this.#wanted;
    const value = encodeDescription(this.#description);
    const condition = current === undefined ? { absent: true as const } : { modified: current.modified };
    const operation = { session: session.id, sequence: ++this.#sequence };
    for (;;) {
      const written = await store.put(key, value, condition, {
        session: session.id,
        operation,
        signal: this.ended,
      });
      if (written.outcome === 'applied') {
        this.#hadPlace = true;
        this.#store(wanted);
        return written.entry;
      }
      if (written.outcome === 'not-applied') {
        this.#isDoubtful = true;
        return undefined;
      }
      // Of a session that is gone nobody remembers any operation; the next session looks how it stands.
      if (errorCode(written.cause) !== 'UNAVAILABLE' || this.ended.aborted) throw written.cause;
      await this.#rest(retryMs);
    }
  }

  /** Wakes the task where the entry is changed by anybody else. */
  async #watch(key: string, entry: Entry, session: Session, signal: AbortSignal): Promise<void> {
    try {
      for await (const event of this.#parts.store.watch(key, entry.modified, { signal })) {
        if (event.type !== 'resync' && event.entry.key !== key) continue;
        if (event.type === 'put' && event.entry.session === session.id) continue;
        this.#isDoubtful = true;
        this.#wake.call();
      }
    } catch {
      // Whoever does not hear of changes looks now and then: a rest ends, and a session is lost.
    }
  }

  #isOwn({ session }: Entry): boolean {
    return session !== undefined && this.#own.has(session);
  }

  async #rest(durationMs: number): Promise<void> {
    await this.#wake.wait(this.#parts.clock, durationMs, this.ended);
  }

  #store(version: number): void {
    this.#stored = version;
    for (const settle of this.#waiters) settle();
  }

  #end(why: unknown): void {
    this.#controller.abort(why);
    for (const settle of this.#waiters) settle();
    this.#wake.call();
  }
}

/** Whether it may go better the next time. */
function isPassing(thrown: unknown): boolean {
  const code = errorCode(thrown);
  return (
    code === 'UNAVAILABLE' ||
    code === 'SESSION_LOST' ||
    code === 'DEADLINE_EXCEEDED' ||
    code === 'OPERATION_SUPERSEDED'
  );
}
