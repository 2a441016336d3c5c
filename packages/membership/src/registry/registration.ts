import {
  boundedWait,
  type Clock,
  type Entry,
  errorCode,
  QuorateError,
  type Revision,
  type Session,
  type SessionId,
  sleep,
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
  /** Aborts when it is over: `REPLACED` where another one took the same id, `CLOSED` where it was disposed of, else what the store said. */
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

/** Between two tries where the store cannot be reached, and two watches. */
const retryMs = 500;
/** How many of its sessions it knows. An entry names one of the last. */
const ownSessionsMax = 64;
/** The longest rest of a registration that nothing happens to. */
const restMs = 3_600_000;

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
  #isWatched = false;
  /** The revision of the last write. */
  #writtenAt: Revision | undefined;

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
    const { store, ttlMs } = this.#parts;
    await using session = await store.session({ ttlMs, signal: this.ended });
    const onLost = (): void => this.#wake.call();
    session.lost.addEventListener('abort', onLost, { once: true });
    // Before anything is written: of a write whose outcome is never known the entry may still come to stand there.
    this.#own.add(session.id);
    for (const oldest of this.#own) if (this.#own.size > ownSessionsMax) this.#own.delete(oldest);
    this.#sequence = 0;
    this.#isDoubtful = true;
    const watching = new AbortController();
    this.#isWatched = false;
    try {
      while (!this.ended.aborted && !session.lost.aborted) {
        if (!this.#isDoubtful && this.#stored >= this.#wanted) await this.#rest(restMs);
        else await this.#settle(session, watching.signal);
      }
    } finally {
      watching.abort();
      // Ending it is no news, and must not cut the rest short that follows.
      session.lost.removeEventListener('abort', onLost);
      if (!this.ended.aborted) this.#stored = 0;
    }
  }

  /** Sees to it that the entry is as it should be, and hears when it is not any more. */
  async #settle(session: Session, signal: AbortSignal): Promise<void> {
    try {
      const entry = await this.#place(session);
      if (entry === undefined || this.#isWatched) return;
      this.#isWatched = true;
      void this.#watch(entry, session, signal);
    } catch (thrown) {
      // The session outlives a store that is out of reach for a while, and what is registered under it stands.
      if (errorCode(thrown) !== 'UNAVAILABLE' || this.ended.aborted) throw thrown;
      this.#isDoubtful = true;
      await this.#rest(retryMs);
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
    const isAsWritten = current?.session === session.id && current.modified === this.#writtenAt;
    if (isAsWritten && this.#stored >= wanted) return current;
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
        this.#writtenAt = written.entry.modified;
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
  async #watch(entry: Entry, session: Session, signal: AbortSignal): Promise<void> {
    const { store, clock, key } = this.#parts;
    const doubt = (): void => {
      this.#isDoubtful = true;
      this.#wake.call();
    };
    try {
      for await (const event of store.watch(key, entry.modified, { signal })) {
        if (event.type !== 'resync' && event.entry.key !== key) continue;
        if (event.type === 'put' && event.entry.session === session.id) continue;
        doubt();
      }
    } catch {
      // The store is out of reach, or could not go on.
    }
    await sleep(clock, retryMs, { signal }).catch(() => {});
    if (signal.aborted) return;
    this.#isWatched = false;
    doubt();
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
