import { boundedWait, type Entry, errorCode, QuorateError, type Random, type Timer } from '@quorate/core';
import { handOffsPerTicket } from '../hold-core.ts';
import { lockPartition } from '../lock-name.ts';
import { LockSession } from '../lock-session.ts';
import { Observations } from '../observations.ts';
import { queuePrefix, Ticket, type TicketContext } from '../ticket.ts';
import { aloneRule } from '../ticket-rule.ts';
import { decodeTicket, encodeTicket, plainTickets } from '../ticket-value.ts';
import type { LockRequest } from './lock-request.ts';
import type { CheckedHandlerOptions } from './lock-handler-options.ts';

/** How often a release is sent whose answer is lost. */
const attemptsMax = 5;

/** A lock as its service shows it. */
export interface ServedLock {
  readonly key: string;
  readonly value: string;
  /** Decimal digits. */
  readonly fence: string;
  /** By the clock of the server that granted it. */
  readonly expiresAtMs: number;
  readonly remainingMs: number;
}

export type GrantResult =
  /** It is held; `isNew` unless a request with this token had been granted before. */
  | { readonly outcome: 'held'; readonly lock: ServedLock; readonly token: string; readonly isNew: boolean }
  /** By somebody else; `lock` is missing where that is no lock of this service. */
  | { readonly outcome: 'taken'; readonly lock: ServedLock | undefined };

export type ReleaseResult = 'released' | 'absent' | 'not-owner';

/** What stands in the entry behind its first line. */
interface Payload {
  readonly token: string;
  readonly value: string;
  readonly expiresAtMs: number;
}

interface Granted {
  readonly session: LockSession;
  readonly timer: Timer;
}

/**
 * Locks that are held for others, who come by HTTP: each for a stated time, by a session of its own that nobody outlives.
 *
 * A lock is the mutex of that name, so those who use the library and those who come by HTTP exclude each other. Any server on the
 * same store can release what another one granted.
 */
export class LockService {
  readonly #options: CheckedHandlerOptions;
  readonly #context: TicketContext;
  readonly #granted = new Map<string, Granted>();
  #isClosed = false;

  constructor(options: CheckedHandlerOptions) {
    this.#options = options;
    const { store, clock, random } = options;
    const observations = new Observations(store, clock);
    const client = `http.${randomText(random)}`;
    this.#context = { store, clock, random, observations, client, plain: plainTickets(client) };
  }

  /** @throws QuorateError `UNAVAILABLE`, `CLOSED` */
  async grant(key: string, request: LockRequest): Promise<GrantResult> {
    if (this.#isClosed)
      throw new QuorateError('CLOSED', 'The lock handler was closed', { outcome: 'not-applied' });
    const token = request.token ?? randomText(this.#options.random);
    const before = await this.#head(key);
    if (before !== undefined) return this.#taken(key, before, token);
    const { store, clock } = this.#options;
    const { lifetimeMs: ttlMs, value } = request;
    const expiresAtMs = clock.wallMs() + ttlMs;
    const opened = await store.session({ ttlMs, ...this.#limit() });
    const session = new LockSession(opened, ttlMs);
    const payload: Payload = { token, value, expiresAtMs };
    const bytes = encodeTicket(
      { mode: 'x', client: this.#context.client },
      new TextEncoder().encode(JSON.stringify(payload)),
    );
    const ticket = new Ticket(this.#context, session, this.#partition(key), aloneRule, bytes);
    try {
      const end = await boundedWait(clock, this.#limit(), 'unknown', () => ticket.run(false));
      if (end === 'granted') {
        this.#keep(ticket.entry!.key, session, ttlMs);
        return { outcome: 'held', lock: this.#show(key, ticket.entry!)!, token, isNew: true };
      }
    } catch (thrown) {
      void session.end();
      throw thrown;
    }
    void session.end();
    const head = await this.#head(key);
    return head === undefined ? { outcome: 'taken', lock: undefined } : this.#taken(key, head, token);
  }

  /** @param owner its token or its value. @throws QuorateError `UNAVAILABLE`, `CLOSED` */
  async release(
    key: string,
    owner: { readonly token?: string; readonly value?: string },
  ): Promise<ReleaseResult> {
    const head = await this.#head(key);
    if (head === undefined) return 'absent';
    const payload = readPayload(head);
    const isOwner =
      payload !== undefined &&
      (owner.token === undefined ? owner.value === payload.value : owner.token === payload.token);
    if (!isOwner) return 'not-owner';
    for (let attempt = 1; ; attempt++) {
      const result = await this.#options.store.delete(head.key, { created: head.created }, this.#limit());
      if (result.outcome === 'unknown' && attempt < attemptsMax) continue;
      if (result.outcome === 'unknown') throw result.cause;
      this.#forget(head.key);
      return result.outcome === 'applied' || attempt > 1 ? 'released' : 'absent';
    }
  }

  /** Who holds it. @throws QuorateError `UNAVAILABLE`, `CLOSED` */
  async find(key: string): Promise<ServedLock | 'other' | undefined> {
    const head = await this.#head(key);
    return head && (this.#show(key, head) ?? 'other');
  }

  /**
   * Grants nothing more. What it granted is still held for its owners until its time is over, for they count on it, and as long as
   * the store is open.
   */
  async close(): Promise<void> {
    this.#isClosed = true;
  }

  #limit(): { readonly deadlineMs: number } {
    return { deadlineMs: this.#options.storeDeadlineMs };
  }

  #partition(key: string): string {
    return lockPartition(this.#options.prefix, 'mutex', key);
  }

  async #head(key: string): Promise<Entry | undefined> {
    const prefix = queuePrefix(this.#partition(key));
    const { entries } = await this.#options.store.list(prefix, { ...this.#limit(), limit: 1 });
    return entries[0];
  }

  #taken(key: string, head: Entry, token: string): GrantResult {
    const lock = this.#show(key, head);
    const isOwn = lock !== undefined && readPayload(head)?.token === token;
    return isOwn ? { outcome: 'held', lock, token, isNew: false } : { outcome: 'taken', lock };
  }

  #show(key: string, entry: Entry): ServedLock | undefined {
    const payload = readPayload(entry);
    if (payload === undefined) return undefined;
    const { value, expiresAtMs } = payload;
    const fence = `${BigInt(entry.created) * BigInt(handOffsPerTicket)}`;
    const remainingMs = Math.max(0, expiresAtMs - this.#options.clock.wallMs());
    return { key, value, fence, expiresAtMs, remainingMs };
  }

  /** Its session is kept alive here until its time is over, and not longer. */
  #keep(entryKey: string, session: LockSession, lifetimeMs: number): void {
    const timer = this.#options.clock.setTimer(lifetimeMs, () => this.#forget(entryKey));
    timer.unref();
    this.#granted.set(entryKey, { session, timer });
    session.onLost(() => this.#forget(entryKey));
  }

  #forget(entryKey: string): void {
    const granted = this.#granted.get(entryKey);
    if (granted === undefined) return;
    this.#granted.delete(entryKey);
    granted.timer.cancel();
    void granted.session.end();
  }
}

/** Undefined where it is no lock of a service. */
function readPayload(entry: Entry): Payload | undefined {
  const { value } = decodeTicket(entry.value);
  if (value.length === 0) return undefined;
  try {
    const payload = JSON.parse(new TextDecoder().decode(value)) as Partial<Payload>;
    const { token, value: shown, expiresAtMs } = payload;
    if (typeof token !== 'string' || typeof shown !== 'string' || typeof expiresAtMs !== 'number')
      return undefined;
    return { token, value: shown, expiresAtMs };
  } catch (thrown) {
    if (errorCode(thrown) !== undefined) throw thrown;
    return undefined;
  }
}

function randomText(random: Random): string {
  return [...random.bytes(16)].map(byte => byte.toString(16).padStart(2, '0')).join('');
}
