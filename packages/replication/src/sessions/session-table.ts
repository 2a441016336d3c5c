import { invariant, type Term } from '@quorate/core';

/** One client's session, as the log has made it. */
export interface SessionRecord {
  /** The index of the entry that opened it: never used twice. */
  readonly id: number;
  readonly ttlMs: number;
  /** When an entry last named it, on the table's clock. */
  seenMs: number;
  /** The last operation that was applied. */
  last: number;
  /** The operation whose reply stands first in `replies`. */
  base: number;
  /** Undefined where a state machine had applied the command before this replica started, so that the reply is not known. */
  replies: (Uint8Array | undefined)[];
}

/**
 * What is to be done with an operation. `fresh`: apply it. `duplicate`: it was applied before, its reply is kept. `settled`:
 * it was applied, and its client has said that it needs the reply no more. `gap`: one before it was not applied, so this one
 * must not be. `gone`: there is no such session, or not any more.
 */
export type SessionVerdict = 'fresh' | 'duplicate' | 'settled' | 'gap' | 'gone';

/**
 * The sessions of all clients: replicated state, which follows from the log alone (Ongaro 2014, §6.3).
 *
 * A retry names the same session and sequence number, so it is applied once however often it stands in the log. Operations are
 * numbered without gaps: one that overtakes another is refused, since nobody could tell later whether the other was applied.
 *
 * Time comes with the entries: what leaders measured while in office, added up over terms. An election counts as no time, and
 * no entry means no time, so nobody's session ends because there was no leader. All methods are O(1), but for the sweep, which
 * runs at most once in the shortest time to live.
 */
export class SessionTable {
  readonly #sessions: Map<number, SessionRecord>;
  #term: Term;
  #elapsedMs: number;
  #clockMs: number;
  #timeMs: number;
  /** No session ends before this. */
  #sweepMs: number;

  constructor(state: SessionTableState = emptySessions) {
    this.#term = state.term;
    this.#elapsedMs = state.elapsedMs;
    this.#clockMs = state.clockMs;
    this.#timeMs = state.timeMs;
    this.#sessions = new Map(state.sessions.map(session => [session.id, session]));
    this.#sweepMs = this.#earliestEnd();
  }

  get count(): number {
    return this.#sessions.size;
  }

  /** The greatest leader's time that an entry carried. */
  get timeMs(): number {
    return this.#timeMs;
  }

  /** How much time has passed, as far as sessions are concerned. */
  get clockMs(): number {
    return this.#clockMs;
  }

  get(id: number): SessionRecord | undefined {
    return this.#sessions.get(id);
  }

  /** Takes the time of the next entry, and ends the sessions that are over by then. Before anything else of that entry. */
  advance(term: Term, timeMs: number, elapsedMs: number): void {
    if (term !== this.#term) {
      this.#term = term;
      this.#elapsedMs = 0;
    }
    if (elapsedMs > this.#elapsedMs) {
      this.#clockMs += elapsedMs - this.#elapsedMs;
      this.#elapsedMs = elapsedMs;
    }
    if (timeMs > this.#timeMs) this.#timeMs = timeMs;
    if (this.#clockMs >= this.#sweepMs) this.#sweep();
  }

  /** Opens a session. @param id the index of the entry */
  open(id: number, ttlMs: number): void {
    invariant(!this.#sessions.has(id), 'an index opens one session');
    this.#sessions.set(id, { id, ttlMs, seenMs: this.#clockMs, last: 0, base: 1, replies: [] });
    this.#sweepMs = Math.min(this.#sweepMs, this.#clockMs + ttlMs);
  }

  /** Whether there was such a session. */
  close(id: number): boolean {
    return this.#sessions.delete(id);
  }

  /** Whether there is such a session, which lives on for its time to live. */
  keep(id: number): boolean {
    const session = this.#sessions.get(id);
    if (session === undefined) return false;
    session.seenMs = this.#clockMs;
    return true;
  }

  /** Judges an operation. After `fresh`, it counts as applied, and {@link SessionRecord.replies} waits for {@link reply}. */
  begin(id: number, sequence: number, settled: number): SessionVerdict {
    const session = this.#sessions.get(id);
    if (session === undefined) return 'gone';
    session.seenMs = this.#clockMs;
    if (sequence > session.last + 1) return 'gap';
    const { replies } = session;
    const dropped = Math.min(replies.length, settled - session.base + 1);
    if (dropped > 0) {
      session.base += dropped;
      if (dropped === replies.length) replies.length = 0;
      else replies.splice(0, dropped);
    }
    if (sequence <= session.last) return sequence < session.base ? 'settled' : 'duplicate';
    session.last = sequence;
    replies.push(undefined);
    return 'fresh';
  }

  /** Keeps the reply to an operation that was `fresh`, unless the session or the reply is not needed any more. */
  reply(id: number, sequence: number, reply: Uint8Array): void {
    const session = this.#sessions.get(id);
    if (session !== undefined && sequence >= session.base) session.replies[sequence - session.base] = reply;
  }

  /** The reply to a `duplicate`; undefined where it is not known here. */
  replyOf(id: number, sequence: number): Uint8Array | undefined {
    const session = this.#sessions.get(id);
    return session?.replies[sequence - session.base];
  }

  /** The present state, which later changes leave alone. O(sessions). */
  freeze(): SessionTableState {
    return {
      term: this.#term,
      elapsedMs: this.#elapsedMs,
      clockMs: this.#clockMs,
      timeMs: this.#timeMs,
      sessions: Array.from(this.#sessions.values(), session => ({
        ...session,
        replies: [...session.replies],
      })),
    };
  }

  #sweep(): void {
    for (const { id, seenMs, ttlMs } of this.#sessions.values()) {
      if (seenMs + ttlMs <= this.#clockMs) this.#sessions.delete(id);
    }
    this.#sweepMs = this.#earliestEnd();
  }

  #earliestEnd(): number {
    let earliest = Number.POSITIVE_INFINITY;
    for (const { seenMs, ttlMs } of this.#sessions.values()) earliest = Math.min(earliest, seenMs + ttlMs);
    return earliest;
  }
}

/** What a {@link SessionTable} consists of. */
export interface SessionTableState {
  /** The term of the last entry that carried a time. */
  readonly term: Term;
  /** How long the leader of that term had been in office then. */
  readonly elapsedMs: number;
  readonly clockMs: number;
  readonly timeMs: number;
  readonly sessions: readonly SessionRecord[];
}

/** What a log begins with. */
export const emptySessions: SessionTableState = {
  term: 0 as Term,
  elapsedMs: 0,
  clockMs: 0,
  timeMs: 0,
  sessions: [],
};
