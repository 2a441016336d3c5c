import {
  InvariantError,
  invariant,
  type LogEntry,
  type LogIndex,
  type SnapshotMetadata,
  type Term,
} from '@quorate/core';
import type { StoredLog } from './stored-log.ts';

/** What an entry costs in memory and on the wire beside its payload, about. */
const entryOverheadBytes = 16;
const noEntries: readonly LogEntry[] = [];
/** Stands where an entry was, so that its payload is let go before the array moves. */
const gone: LogEntry = { index: asIndex(0), term: asTerm(0), kind: 0, payload: new Uint8Array(0) };

/** What is to be written next. */
export interface UnwrittenLog {
  readonly snapshot: SnapshotMetadata | undefined;
  readonly truncateFrom: number | undefined;
  readonly entries: readonly LogEntry[];
}

/** Entries to send, or why there are none: gone with a compaction, or to be read from disk first. */
export type EntriesToSend = readonly LogEntry[] | 'compacted' | 'on-disk';

/**
 * One replica's log: what is not durable, not committed or not handed out is in memory, with a tail of what lately was; the
 * rest is on disk behind {@link StoredLog}.
 *
 * ```text
 *   1 … first …      memoryFirst …   committed …   durable …   written …   last
 *   gone | on disk | in memory                                | in a write | not yet
 * ```
 *
 * `applied <= handedOut <= committed <= last` and `durable <= written <= last` always. Committed entries may not be durable
 * here: a majority of others suffices.
 */
export class RaftLog {
  last: number;
  lastTerm: number;
  committed: number;
  applied: number;
  handedOut: number;
  durable: number;
  /** A snapshot that replaces the log and is not durable yet. */
  installing: SnapshotMetadata | undefined;
  readonly #stored: StoredLog;
  readonly #tailBytesMax: number;
  #entries: LogEntry[] = [];
  /** Where in `#entries` the first that counts is. */
  #head = 0;
  #memoryFirst: number;
  #bytes = 0;
  #written: number;
  #truncateFrom: number | undefined;
  #snapshotDue: SnapshotMetadata | undefined;
  #overwritten: number | undefined;
  /** The last range that was cut out, for the next follower wants the same one. */
  #cut: readonly LogEntry[] = noEntries;
  #cutFrom = 0;

  constructor(stored: StoredLog, last: number, committed: number, applied: number, tailBytesMax: number) {
    this.#stored = stored;
    this.#tailBytesMax = tailBytesMax;
    this.last = last;
    this.durable = last;
    this.#written = last;
    this.#memoryFirst = last + 1;
    this.committed = committed;
    this.applied = applied;
    this.handedOut = applied;
    const lastTerm = last === 0 ? 0 : stored.termAt(last as LogIndex);
    invariant(lastTerm !== undefined, `the stored log knows the term of its last entry ${last}`);
    this.lastTerm = lastTerm;
  }

  /** The first entry that can still be sent. */
  get first(): number {
    if (this.installing !== undefined) return this.#memoryFirst;
    return Math.min(this.#stored.first(), this.#memoryFirst);
  }

  get snapshot(): SnapshotMetadata | undefined {
    return this.#stored.snapshot();
  }

  /** The term of an entry, of the snapshot, or of the place before the first entry; `undefined` for any other index. */
  termAt(index: number): number | undefined {
    if (index === this.last) return this.lastTerm;
    if (index > this.last) return undefined;
    if (index >= this.#memoryFirst) return this.#entries[this.#head + index - this.#memoryFirst]?.term;
    if (this.installing !== undefined) {
      return index === this.installing.index ? this.installing.term : undefined;
    }
    return index === 0 ? 0 : this.#stored.termAt(index as LogIndex);
  }

  /** Whether a candidate's log is at least as new as this one: by the last term, then by length (Ongaro 2014, §3.6.1). */
  isUpToDate(index: number, term: number): boolean {
    return term > this.lastTerm || (term === this.lastTerm && index >= this.last);
  }

  /** Whether everything is here that a snapshot stands for. */
  reaches({ index, term }: SnapshotMetadata): boolean {
    return index <= this.committed || this.termAt(index) === term;
  }

  /** A leader's own entry, which follows the last. */
  push(entry: LogEntry): void {
    if (entry.index !== this.last + 1) broken(`entry ${entry.index} follows entry ${this.last}`);
    this.#entries.push(entry);
    this.#bytes += entry.payload.length + entryOverheadBytes;
    this.last = entry.index;
    this.lastTerm = entry.term;
  }

  /**
   * Takes entries after (`previous`, `previousTerm`) from a leader. Only what conflicts is dropped: an append that was
   * overtaken must not cut off what came after it (Ongaro 2014, §3.5).
   *
   * `previous` is committed or later. Returns the last index that now surely matches the leader's log, or `undefined` when
   * the entry before does not match and nothing was taken.
   */
  takeFrom(previous: number, previousTerm: number, entries: readonly LogEntry[]): number | undefined {
    if (this.termAt(previous) !== previousTerm) return undefined;
    let at = 0;
    while (at < entries.length && this.termAt(previous + 1 + at) === entries[at]?.term) at++;
    if (at < entries.length) {
      const from = previous + 1 + at;
      if (from <= this.last) this.#truncate(from);
      if (at === 0) {
        // Most likely just these are to be written next.
        this.#cut = entries;
        this.#cutFrom = from;
      }
      for (; at < entries.length; at++) {
        const entry = entries[at];
        if (entry !== undefined) this.push(entry);
      }
    }
    return previous + entries.length;
  }

  /** Entries up to `index` are committed. What is committed stays so: an older word changes nothing. */
  commitTo(index: number): void {
    if (index <= this.committed) return;
    if (index > this.last) broken(`entry ${index} is in the log before it is committed`);
    this.committed = index;
  }

  /**
   * The highest index up to `index` whose term is at most `term`: where two logs can match at best. They are known to match
   * up to `floor`, before which nothing is looked at. O(entries after it).
   */
  findNotAbove(
    index: number,
    term: number,
    floor: number,
  ): { readonly index: number; readonly term: number } {
    for (let at = index; at > floor; at--) {
      const termHere = this.termAt(at);
      if (termHere === undefined) return { index: at, term: 0 };
      if (termHere <= term) return { index: at, term: termHere };
    }
    const at = Math.min(index, floor);
    return { index: at, term: this.termAt(at) ?? 0 };
  }

  /** Replaces the whole log by a snapshot of committed entries. */
  install(snapshot: SnapshotMetadata): void {
    invariant(snapshot.index > this.committed, 'a snapshot is newer than what is committed');
    this.#entries = [];
    this.#head = 0;
    this.#bytes = 0;
    this.#cut = noEntries;
    this.#memoryFirst = snapshot.index + 1;
    this.last = snapshot.index;
    this.lastTerm = snapshot.term;
    this.committed = snapshot.index;
    this.handedOut = snapshot.index;
    this.#written = snapshot.index;
    this.durable = 0;
    this.#truncateFrom = undefined;
    this.installing = snapshot;
    this.#snapshotDue = snapshot;
  }

  /** What has not been handed out to be written yet. */
  takeUnwritten(): UnwrittenLog | undefined {
    if (this.last === this.#written && this.#snapshotDue === undefined) return undefined;
    const unwritten: UnwrittenLog = {
      snapshot: this.#snapshotDue,
      truncateFrom: this.#truncateFrom,
      entries: this.inMemory(this.#written + 1, this.last),
    };
    this.#snapshotDue = undefined;
    this.#truncateFrom = undefined;
    this.#written = this.last;
    return unwritten;
  }

  /** From where on entries were dropped that a write under way may hold, since the last call. */
  takeOverwritten(): number | undefined {
    const from = this.#overwritten;
    this.#overwritten = undefined;
    return from;
  }

  /** Whether something waits to be written. */
  get hasUnwritten(): boolean {
    return this.last !== this.#written || this.#snapshotDue !== undefined;
  }

  /** Everything up to `index` is durable, and no write under way will change that. */
  durableTo(index: number): void {
    if (index > this.durable) this.durable = index;
    if (this.#bytes > this.#tailBytesMax) this.#trim();
  }

  /** A snapshot is durable, in the log and in the state machine. */
  installed(snapshot: SnapshotMetadata): void {
    if (this.installing === snapshot) this.installing = undefined;
    if (this.applied < snapshot.index) this.applied = snapshot.index;
  }

  /** Entries `from` to `to` if all are in memory. The array is shared: not to be changed. */
  inMemory(from: number, to: number): readonly LogEntry[] {
    if (from > to) return noEntries;
    if (this.#cutFrom === from && this.#cut.length === to - from + 1) return this.#cut;
    if (from < this.#memoryFirst || to > this.last) broken(`entries ${from} to ${to} are in memory`);
    const start = this.#head + from - this.#memoryFirst;
    const first = this.#entries[start];
    this.#cut =
      from === to && first !== undefined ? [first] : this.#entries.slice(start, start + to - from + 1);
    this.#cutFrom = from;
    return this.#cut;
  }

  holds(from: number): boolean {
    return from >= this.#memoryFirst;
  }

  /** The payload bytes of entries `from` to `to`, as far as they are in memory. */
  payloadBytes(from: number, to: number): number {
    let bytes = 0;
    for (let index = Math.max(from, this.#memoryFirst); index <= to; index++) {
      bytes += this.#entries[this.#head + index - this.#memoryFirst]?.payload.length ?? 0;
    }
    return bytes;
  }

  /** Entries from `from` on for a follower, cut off after `bytesMax` but never before the first. */
  toSend(from: number, bytesMax: number): EntriesToSend {
    if (from > this.last) return noEntries;
    if (from >= this.#memoryFirst) return this.inMemory(from, this.#fitting(from, bytesMax));
    if (from < this.first) return 'compacted';
    const stored = this.#stored.entries?.(from as LogIndex, (this.#memoryFirst - 1) as LogIndex, bytesMax);
    if (stored === undefined || stored.length === 0) return 'on-disk';
    const next = from + stored.length;
    const room = bytesMax - payloadBytes(stored);
    if (next !== this.#memoryFirst || room <= 0 || next > this.last) return stored;
    return [...stored, ...this.inMemory(next, this.#fitting(next, room))];
  }

  /** The last index such that the payloads from `from` on take at most `bytesMax`. */
  #fitting(from: number, bytesMax: number): number {
    // The whole log in memory is smaller than one append nearly always.
    if (this.#bytes <= bytesMax) return this.last;
    let bytes = 0;
    let at = this.#head + from - this.#memoryFirst;
    for (let index = from; index <= this.last; index++, at++) {
      bytes += this.#entries[at]?.payload.length ?? 0;
      if (bytes > bytesMax && index > from) return index - 1;
    }
    return this.last;
  }

  #truncate(from: number): void {
    invariant(from > this.committed, `entry ${from} is not committed and may be dropped`);
    if (from <= this.#written) {
      this.#truncateFrom = Math.min(from, this.#truncateFrom ?? from);
      this.#overwritten = Math.min(from, this.#overwritten ?? from);
      this.#written = from - 1;
    }
    if (this.durable >= from) this.durable = from - 1;
    this.#cut = noEntries;
    if (from < this.#memoryFirst) {
      this.lastTerm = this.termAt(from - 1) ?? 0;
      this.#entries = [];
      this.#head = 0;
      this.#bytes = 0;
      this.#memoryFirst = from;
    } else {
      this.lastTerm = this.termAt(from - 1) ?? 0;
      const length = this.#head + from - this.#memoryFirst;
      for (let at = length; at < this.#entries.length; at++) {
        this.#bytes -= (this.#entries[at]?.payload.length ?? 0) + entryOverheadBytes;
      }
      this.#entries.length = length;
    }
    this.last = from - 1;
  }

  /**
   * Gives back memory from the front, as far as disk and state machine have no more need of it. An eighth of the tail goes at
   * once: the processor has long forgotten these entries, and waits for many together hardly longer than for one.
   */
  #trim(): void {
    const upTo = Math.min(this.durable, this.handedOut);
    const keptBytes = this.#tailBytesMax * (7 / 8);
    while (this.#bytes > keptBytes && this.#memoryFirst <= upTo) {
      this.#bytes -= (this.#entries[this.#head]?.payload.length ?? 0) + entryOverheadBytes;
      this.#entries[this.#head] = gone;
      this.#head++;
      this.#memoryFirst++;
    }
    // The array moves only once half of it is behind, so that an entry is moved once on average.
    if (this.#head > 1024 && this.#head * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#head);
      this.#head = 0;
    } else if (this.#head === this.#entries.length) {
      this.#entries.length = 0;
      this.#head = 0;
    }
  }
}

/** An invariant whose words would cost too much to be put together each time that it holds. */
function broken(message: string): never {
  throw new InvariantError(`Invariant broken: ${message}`);
}

/** The payload bytes of entries. */
export function payloadBytes(entries: readonly LogEntry[]): number {
  let bytes = 0;
  for (let at = 0; at < entries.length; at++) bytes += entries[at]?.payload.length ?? 0;
  return bytes;
}

/** An index or a term as the seams brand it. */
export function asIndex(index: number): LogIndex {
  return index as LogIndex;
}

/** See {@link asIndex}. */
export function asTerm(term: number): Term {
  return term as Term;
}
