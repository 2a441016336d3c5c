import {
  type Clock,
  type Enqueued,
  type Entry,
  type EnqueueResult,
  errorCode,
  invariant,
  type Listing,
  type QuorateError,
  type Random,
  type Revision,
  sleep,
  type Store,
  type WriteResult,
} from '@quorate/core';
import { type LockSession, sessionGone } from './lock-session.ts';
import type { Observations } from './observations.ts';
import { untilChange } from './queue-change.ts';
import type { TicketRule, Verdict } from './ticket-rule.ts';
import type { TicketMode } from './ticket-value.ts';

/** What all tickets of a manager stand on. */
export interface TicketContext {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly observations: Observations;
  readonly client: string;
  /** What an entry holds that says no more than this, made once for all. */
  readonly plain: Readonly<Record<TicketMode, Uint8Array>>;
}

/**
 * How it went. `granted`: it is held, until {@link Ticket.leave}. Else no entry is left: `withdrawn` by its owner, `refused` because
 * it would have had to wait and must not, or for ever, or `lost` with its session.
 */
export type TicketEnd = 'granted' | 'withdrawn' | 'refused' | 'lost';

type Blocked = Extract<Verdict, { readonly type: 'blocked' }>;

/** Causes of an unknown outcome that no repetition resolves. */
const lastWords = new Set(['SESSION_LOST', 'OPERATION_SUPERSEDED']);

const backoffMinMs = 20;
const backoffMaxMs = 1000;

/**
 * One place in a lock's queue: an entry of its own, never shared with another acquisition, and deleted by its creation revision.
 *
 * It waits by watching the one entry that is in its way, and by observing that entry's session; once that is gone it lists again,
 * since whoever went may just have given up (the predecessor recipe of ZooKeeper and etcd). A timer makes it look again once in
 * each time to live, so it needs neither the watch nor the observation to be right.
 */
export class Ticket {
  readonly session: LockSession;
  readonly partition: string;
  readonly rule: TicketRule;
  readonly #context: TicketContext;
  readonly #value: Uint8Array;
  #entry: Entry | undefined;
  #isWithdrawn = false;
  #wake: (() => void) | undefined;
  #backoffMs = backoffMinMs;

  /** @param value what the entry holds, as `encodeTicket` made it */
  constructor(
    context: TicketContext,
    session: LockSession,
    partition: string,
    rule: TicketRule,
    value: Uint8Array,
  ) {
    this.#context = context;
    this.session = session;
    this.partition = partition;
    this.rule = rule;
    this.#value = value;
  }

  /** Its entry, once it is known. */
  get entry(): Entry | undefined {
    return this.#entry;
  }

  get prefix(): string {
    return queuePrefix(this.partition);
  }

  /**
   * Stands in line until it has its turn.
   *
   * @param mayWait false: `refused` where it has not its turn at once
   * @throws QuorateError `UNAVAILABLE`, `CLOSED` where it could not be made
   */
  async run(mayWait = true): Promise<TicketEnd> {
    const enqueued = await this.session.inTurn(this.partition, () => this.#enter());
    if (enqueued === sessionGone) return 'lost';
    this.#entry = enqueued.self;
    try {
      const verdict = this.#atOnce(enqueued);
      // Most often nobody is in the way.
      if (verdict.type === 'granted' && !this.#isWithdrawn)
        return this.session.remainingMs() === 0 ? 'lost' : 'granted';
      return await this.#waitInLine(enqueued, verdict, mayWait);
    } catch (thrown) {
      // Its session may live for long, and nobody would take it away.
      void this.leave();
      throw thrown;
    }
  }

  #atOnce(enqueued: Enqueued): Verdict {
    // Without `enqueue` nothing is known of those before.
    return this.#context.store.enqueue === undefined ? { type: 'more' } : this.rule.atOnce(enqueued);
  }

  async #waitInLine(enqueued: Enqueued, atOnce: Verdict, mayWait: boolean): Promise<TicketEnd> {
    let seen: Revision = enqueued.self.created;
    let verdict = atOnce;
    let hasWaited = false;
    for (;;) {
      if (verdict.type === 'more' && !this.#isWithdrawn) {
        const looked = await this.#look();
        if (looked === sessionGone) return 'lost';
        [verdict, seen] = looked;
      }
      if (this.#isWithdrawn) return this.#goAs('withdrawn');
      if (verdict.type === 'granted') break;
      if (verdict.type === 'conflict' || !mayWait) return this.#goAs('refused');
      hasWaited = true;
      await this.#untilChange(verdict as Blocked, seen);
      verdict = { type: 'more' };
    }
    if (this.session.remainingMs() === 0) return 'lost';
    // Whoever came before it looked may have seen it wait.
    const mayBeWatched = hasWaited || seen > enqueued.self.created;
    if (mayBeWatched && this.rule.mode === 'p') this.#tell();
    return 'granted';
  }

  get isWithdrawn(): boolean {
    return this.#isWithdrawn;
  }

  /** Has {@link run} end soon, unless it is granted already. */
  withdraw(): void {
    this.#isWithdrawn = true;
    this.#wake?.();
  }

  /**
   * Deletes the entry, and settles when it is certain that it is gone, or its session is.
   *
   * @returns whether it was still there
   */
  leave(): Promise<boolean> {
    const { key, created } = this.#known();
    return this.session.guardThen<WriteResult, boolean>(
      this.#context.store.delete(key, { created }),
      false,
      ({ outcome }) => (outcome === 'unknown' ? this.#leaveAtLast() : outcome === 'applied'),
      thrown => !isFinal(thrown) && this.#leaveAtLast(),
    );
  }

  /** Of two such deletions the second finds nothing: nobody else's entry has this creation revision. */
  async #leaveAtLast(): Promise<boolean> {
    const { store } = this.#context;
    const { key, created } = this.#known();
    while (await this.#rest()) {
      try {
        const result = await this.session.guard(store.delete(key, { created }));
        if (result === sessionGone) return false;
        if (result.outcome !== 'unknown') return true;
      } catch (thrown) {
        if (isFinal(thrown)) return false;
      }
    }
    return false;
  }

  /**
   * Has the entry hold something else: once, in the order of the calls, however late a request comes through.
   *
   * @returns false where it is gone, or its session is
   * @throws QuorateError where nothing was changed
   */
  rewrite(value: Uint8Array): Promise<boolean> {
    const { session } = this;
    const { store } = this.#context;
    const { key, created } = this.#known();
    return session.inTurn(this.partition, async () => {
      const options = { session: session.id, operation: session.operation(this.partition) };
      for (let mayBeThere = false; ; ) {
        try {
          const result = await session.guard(store.put(key, value, { created }, options));
          if (result === sessionGone || result.outcome === 'not-applied') return false;
          if (result.outcome === 'applied') return true;
          mayBeThere = true;
          this.#heed(result.cause);
        } catch (thrown) {
          if (!mayBeThere || isFinal(thrown)) throw thrown;
        }
        if (!(await this.#rest())) return false;
      }
    });
  }

  /** Sleeps, until the session is lost or the ticket withdrawn at the longest. */
  async pause(durationMs: number): Promise<void> {
    const wait = new AbortController();
    const end = (): void => wait.abort();
    this.#wake = end;
    this.session.onLost(end);
    await sleep(this.#context.clock, durationMs, { signal: wait.signal }).catch(() => {});
    this.session.offLost(end);
    if (this.#wake === end) this.#wake = undefined;
  }

  /**
   * Deletes the entry of a session that is lost, where that is still possible: nobody stands on it any more, and who is behind
   * need not wait until the store finds the session dead. Tried once.
   */
  abandon(): void {
    if (this.#entry === undefined) return;
    const { key, created } = this.#entry;
    void this.#context.store.delete(key, { created }, { deadlineMs: this.session.ttlMs }).catch(() => {});
  }

  /** Whether anybody stands behind it. Where the store cannot be asked, somebody may. */
  async isAwaited(): Promise<boolean> {
    const { created } = this.#known();
    const listing = await this.session
      .guard(this.#context.store.list(this.prefix, { newestFirst: true, limit: 1 }))
      .catch((): typeof sessionGone => sessionGone);
    return listing === sessionGone || listing.entries[0]?.created !== created;
  }

  #known(): Entry {
    invariant(this.#entry !== undefined, 'a ticket that is used has its entry');
    return this.#entry;
  }

  async #goAs(end: 'withdrawn' | 'refused'): Promise<TicketEnd> {
    await this.leave();
    return end;
  }

  /** Makes the entry, under one operation id however often it has to be asked for. */
  #enter(): Promise<Enqueued | typeof sessionGone> {
    const { session } = this;
    const { store, random } = this.#context;
    const options = { session: session.id, operation: session.operation(this.partition) };
    const own = store.enqueue === undefined ? `${this.prefix}${hex(random.bytes(16))}` : '';
    const ask = (): Promise<EnqueueResult | WriteResult> =>
      store.enqueue === undefined
        ? store.put(own, this.#value, { absent: true }, options)
        : store.enqueue(this.prefix, this.#value, options);
    return session.guardThen<EnqueueResult | WriteResult, Enqueued | typeof sessionGone>(
      ask(),
      sessionGone,
      result => this.#entered(result) ?? this.#enterAgain(ask),
    );
  }

  /** Undefined where it is unknown whether the entry was made. */
  #entered(result: EnqueueResult | WriteResult): Enqueued | undefined {
    try {
      if ('self' in result) return result;
      if ('entry' in result) return { self: result.entry, head: result.entry };
      invariant(result.outcome === 'unknown', 'nobody else makes an entry of this name');
    } catch (thrown) {
      // A store that answers what it must not may have made an entry of any name: that only goes with the session.
      this.session.lose(thrown);
      throw thrown;
    }
    this.#heed(result.cause);
    return undefined;
  }

  async #enterAgain(ask: () => Promise<EnqueueResult | WriteResult>): Promise<Enqueued | typeof sessionGone> {
    while (await this.#rest()) {
      try {
        const result = await this.session.guard(ask());
        if (result === sessionGone) return sessionGone;
        const entered = this.#entered(result);
        if (entered !== undefined) return entered;
      } catch (thrown) {
        if (isFinal(thrown)) throw thrown;
      }
    }
    return sessionGone;
  }

  /** What the queue says now. An entry that is not there any more was taken for dead: then its session is not to be relied on. */
  async #look(): Promise<readonly [Verdict, Revision] | typeof sessionGone> {
    if (this.session.remainingMs() === 0) return sessionGone;
    const earlier: Entry[] = [];
    let createdBefore = (this.#known().created + 1) as Revision;
    let isFirst = true;
    for (;;) {
      const listing = await this.#list(createdBefore);
      if (listing === sessionGone) return sessionGone;
      let { entries } = listing;
      const isComplete = entries.length < this.rule.pageSize;
      if (isFirst) {
        if (entries[0]?.created !== this.#known().created) {
          this.session.lose(new Error('The store has deleted an entry of the session'));
          return sessionGone;
        }
        entries = entries.slice(1);
        isFirst = false;
      }
      earlier.push(...entries);
      const verdict = this.rule.judge(earlier, isComplete);
      if (verdict.type !== 'more') return [verdict, listing.revision];
      createdBefore = earlier.at(-1)?.created ?? createdBefore;
    }
  }

  async #list(createdBefore: Revision): Promise<Listing | typeof sessionGone> {
    const { store } = this.#context;
    const options = { createdBefore, newestFirst: true, limit: this.rule.pageSize };
    for (;;) {
      try {
        return await this.session.guard(store.list(this.prefix, options));
      } catch (thrown) {
        if (errorCode(thrown) !== 'UNAVAILABLE') throw thrown;
      }
      if (!(await this.#rest())) return sessionGone;
    }
  }

  async #untilChange({ by, watch }: Blocked, from: Revision): Promise<void> {
    const { session } = this;
    if (session.isLost || this.#isWithdrawn) return;
    const context = this.#context;
    const prefix = watch === 'key' ? (by[0] as Entry).key : this.prefix;
    using change = untilChange(context, { prefix, from, by, own: session.id, checkMs: session.ttlMs });
    this.#wake = change.wake;
    session.onLost(change.wake);
    const dead = await change.settled;
    session.offLost(change.wake);
    this.#wake = undefined;
    // Whoever stands behind a dead one clears it away; the engine would as well, some day.
    if (dead === undefined) return;
    const { key, created } = dead;
    const cleared = await session.guard(context.store.delete(key, { created })).catch(() => undefined);
    const isClear = cleared === sessionGone || (cleared !== undefined && cleared.outcome !== 'unknown');
    // Its session will be found dead again at once.
    if (!isClear) await this.#rest();
  }

  /** Tells whoever stands behind that this one does not wait any more. Where it is lost they find out by their timers. */
  #tell(): void {
    const { key, created } = this.#known();
    void this.#context.store.put(key, this.#value, { created }, { session: this.session.id }).catch(() => {});
  }

  /** Where nobody remembers any more what became of a request, what there is of it goes with the session. */
  #heed(cause: QuorateError): void {
    if (!cause.retryable && lastWords.has(cause.code)) this.session.lose(cause);
  }

  /** False once the session is lost. */
  async #rest(): Promise<boolean> {
    if (this.session.remainingMs() === 0) return false;
    await this.pause(this.#backoffMs);
    this.#backoffMs = Math.min(backoffMaxMs, this.#backoffMs * 2);
    return this.session.remainingMs() > 0;
  }
}

/** Whether no repetition helps: the store is closed, or it is no failure of a store. */
function isFinal(thrown: unknown): boolean {
  const code = errorCode(thrown);
  return code === undefined || code === 'CLOSED';
}

/** Where the entries of a lock stand in line. */
export function queuePrefix(partition: string): string {
  return `${partition}/q/`;
}

function hex(bytes: Uint8Array): string {
  return [...bytes].map(byte => byte.toString(16).padStart(2, '0')).join('');
}
