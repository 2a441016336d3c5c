import {
  type Clock,
  type Entry,
  errorCode,
  listMax,
  type Revision,
  type SessionId,
  sleep,
  type Store,
} from '@quorate/core';
import { decodeInstance, type ServiceInstance } from './service-instance.ts';

/** Between two tries where the store cannot be reached. */
const retryMs = 500;

/**
 * The instances under a prefix, kept up to date: what is listed, then what is watched, and without those whose session has died.
 *
 * Nothing is atomic between a session and its entries, so an entry that is still there proves nothing: each session is observed.
 * Where changes were missed (`resync`), or the store was out of reach, it lists again.
 */
export class ServiceView {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #prefix: string;
  readonly #onChange: () => void;
  readonly #entries: Map<string, Entry> = new Map();
  readonly #observers: Map<SessionId, AbortController> = new Map();
  readonly #dead: Set<SessionId> = new Set();

  constructor(store: Store, clock: Clock, prefix: string, onChange: () => void) {
    this.#store = store;
    this.#clock = clock;
    this.#prefix = prefix;
    this.#onChange = onChange;
  }

  /** Those that live, by id. */
  instances(): readonly ServiceInstance[] {
    const found: ServiceInstance[] = [];
    for (const entry of this.#entries.values()) {
      if (entry.session !== undefined && this.#dead.has(entry.session)) continue;
      const instance = decodeInstance(entry);
      if (instance !== undefined) found.push(instance);
    }
    return found.sort((one, other) => (one.id < other.id ? -1 : 1));
  }

  /** Lists once, and says how it stood. */
  async list(signal: AbortSignal): Promise<Revision> {
    const listed = new Map<string, Entry>();
    let first: Revision | undefined;
    let createdBefore: Revision | undefined;
    for (;;) {
      // From the youngest on: what is created meanwhile belongs to no later page, and is heard of by watching from the first.
      const page = await this.#store.list(this.#prefix, {
        newestFirst: true,
        limit: listMax,
        signal,
        ...(createdBefore === undefined ? {} : { createdBefore }),
      });
      first ??= page.revision;
      for (const entry of page.entries) listed.set(entry.key, entry);
      createdBefore = page.entries.at(-1)?.created;
      if (page.entries.length < listMax || createdBefore === undefined) break;
    }
    this.#entries.clear();
    for (const [key, entry] of listed) this.#entries.set(key, entry);
    this.#observe(signal);
    return first;
  }

  /** Keeps it up to date until the signal aborts. @throws whatever the store says that does not pass */
  async follow(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        const from = await this.list(signal);
        this.#onChange();
        for await (const event of this.#store.watch(this.#prefix, from, { signal })) {
          if (event.type === 'resync') break;
          if (event.type === 'put') this.#entries.set(event.entry.key, event.entry);
          else this.#entries.delete(event.entry.key);
          this.#observe(signal);
          this.#onChange();
        }
      } catch (thrown) {
        if (signal.aborted) return;
        if (errorCode(thrown) !== 'UNAVAILABLE') throw thrown;
        await sleep(this.#clock, retryMs, { signal }).catch(() => {});
      }
    }
  }

  /** Observes the sessions that entries name, and no others. */
  #observe(signal: AbortSignal): void {
    const named = new Set<SessionId>();
    for (const { session } of this.#entries.values()) if (session !== undefined) named.add(session);
    for (const [session, observer] of this.#observers) {
      if (named.has(session)) continue;
      observer.abort();
      this.#observers.delete(session);
    }
    for (const session of this.#dead) if (!named.has(session)) this.#dead.delete(session);
    for (const session of named) {
      if (!this.#observers.has(session) && !this.#dead.has(session)) this.#begin(session, signal);
    }
  }

  #begin(session: SessionId, signal: AbortSignal): void {
    const observer = new AbortController();
    this.#observers.set(session, observer);
    const end = (): void => observer.abort();
    signal.addEventListener('abort', end, { once: true });
    void this.#untilDead(session, observer.signal).then(isDead => {
      signal.removeEventListener('abort', end);
      if (this.#observers.get(session) === observer) this.#observers.delete(session);
      if (!isDead) return;
      this.#dead.add(session);
      this.#onChange();
    });
  }

  /** Whether the session has died, rather than that nobody wants to know any more. */
  async #untilDead(session: SessionId, signal: AbortSignal): Promise<boolean> {
    while (!signal.aborted) {
      try {
        await this.#store.observe(session, { signal });
        return !signal.aborted;
      } catch {
        // Out of reach; `CLOSED` ends everything else, too.
        await sleep(this.#clock, retryMs, { signal }).catch(() => {});
      }
    }
    return false;
  }
}
