import {
  type Entry,
  EntryOrder,
  type Listing,
  type ListQuery,
  queueKey,
  type Revision,
  type SessionId,
  type StoreChange,
} from '@quorate/core';
import type { Change, Delta, OperationRecord } from './delta.ts';
import {
  decodeDelta,
  type History,
  historyBytes,
  isSame,
  type LogRecord,
  nowhere,
  type Position,
} from './partition-message.ts';
import { firstRevisionOf } from './revisions.ts';
import { decodeSnapshot, encodeSnapshot, type Remembered } from './snapshot.ts';

/** What one change of a message did, now that its number is known. */
export interface AppliedChange {
  readonly before: Entry | undefined;
  readonly after: Entry | undefined;
  readonly revision: Revision;
}

/** How many changes watchers can catch up on, and how many of their bytes. */
const changesMax = 1000;
const changesMaxBytes = 1_048_576;

/** How many dead sessions a partition knows: late writes of theirs are refused. */
const endedMax = 128;

/**
 * A copy of one partition, made of its messages: entries, remembered operations and the latest changes, at one position of the
 * stream. Each message is applied on the one that it was judged on, so all copies are equal at equal positions.
 *
 * Entries are never changed once they are made.
 */
export class PartitionReplica {
  readonly #entries = new EntryOrder();
  readonly #bySession = new Map<SessionId, Set<string>>();
  readonly #remembered = new Map<SessionId, Remembered>();
  readonly #ended = new Set<SessionId>();
  #position: Position;
  #revision: Revision;
  #bytes = 0;
  #snapshot: Uint8Array;
  #snapshotPosition: Position;
  #records: LogRecord[] = [];
  #changes: StoreChange[] = [];
  #changeBytes = 0;
  #forgotten: Revision;

  constructor({ position, snapshot, records }: History) {
    const contents = decodeSnapshot(snapshot);
    for (const entry of contents.entries) this.#set(entry);
    for (const [session, remembered] of contents.remembered) this.#remember(session, remembered);
    for (const session of contents.ended) this.#ended.add(session);
    this.#position = position;
    this.#revision = contents.revision;
    this.#forgotten = contents.revision;
    this.#snapshot = snapshot;
    this.#snapshotPosition = position;
    for (const record of records) this.apply(record);
  }

  /** A partition that holds nothing and has no messages, after a revision. */
  static empty(revision: Revision): PartitionReplica {
    const snapshot = encodeSnapshot({ revision, entries: [], remembered: [], ended: [] });
    return new PartitionReplica({ position: nowhere, snapshot, records: [] });
  }

  /** Of the last message applied. */
  get position(): Position {
    return this.#position;
  }

  /** Of the last change. */
  get revision(): Revision {
    return this.#revision;
  }

  /** What it would take in a message, about. */
  get bytes(): number {
    return this.#bytes + 64 + this.#ended.size * 24;
  }

  /** What it takes in memory, about. */
  get memoryBytes(): number {
    return 2 * this.bytes + this.#changeBytes + historyBytes(this.history) + 1024;
  }

  /** Whether it holds and remembers nothing. Dead sessions do not count: what names them is refused for a while, not for good. */
  get isEmpty(): boolean {
    return this.#entries.size === 0 && this.#remembered.size === 0;
  }

  /** Its latest snapshot and what came after. */
  get history(): History {
    return { position: this.#snapshotPosition, snapshot: this.#snapshot, records: this.#records };
  }

  get(key: string): Entry | undefined {
    return this.#entries.get(key);
  }

  list({ prefix, createdBefore, newestFirst, limit }: ListQuery): Listing {
    const entries: Entry[] = [];
    const all = newestFirst ? this.#entries.newestFirst(prefix) : this.#entries.oldestFirst(prefix);
    for (const entry of all) {
      if (entries.length >= limit) break;
      if (entry.created < createdBefore) entries.push(entry);
    }
    return { entries, revision: this.#revision };
  }

  /** The first of a queue, and the one before an entry; undefined where nobody stands before it. */
  before(prefix: string, created: Revision): { head: Entry; predecessor: Entry } | undefined {
    for (const entry of this.#entries.newestFirst(prefix)) {
      if (entry.created >= created) continue;
      return { head: this.#entries.oldestFirst(prefix).next().value as Entry, predecessor: entry };
    }
    return undefined;
  }

  /** The keys of a session's entries, the oldest entry first. */
  keysOf(session: SessionId): readonly string[] {
    const entries = [...(this.#bySession.get(session) ?? [])].map(key => this.#entries.get(key) as Entry);
    return entries.sort((one, other) => one.created - other.created).map(({ key }) => key);
  }

  rememberedOf(session: SessionId): Remembered | undefined {
    return this.#remembered.get(session);
  }

  isEnded(session: SessionId): boolean {
    return this.#ended.has(session);
  }

  /** Changes under `prefix` after a revision; undefined where some are forgotten. */
  changesAfter(prefix: string, from: number): readonly StoreChange[] | undefined {
    if (from < this.#forgotten) return undefined;
    let first = this.#changes.length;
    while (first > 0 && (this.#changes[first - 1] as StoreChange).revision > from) first--;
    return this.#changes.slice(first).filter(({ entry }) => entry.key.startsWith(prefix));
  }

  /** Applies the message that follows. */
  apply(record: LogRecord): readonly AppliedChange[] {
    const { changes, operations, ended } = decodeDelta(record.bytes);
    const applied = this.#applyAll({ changes, operations, ended }, record.position.sequence);
    this.#position = record.position;
    this.#records.push(record);
    return applied;
  }

  /** Begins its history anew from where it stands, so that messages stay short; what came before cannot be caught up on then. */
  compact(): void {
    this.#snapshot = encodeSnapshot({
      revision: this.#revision,
      entries: this.#entries.oldestFirst(''),
      remembered: this.#remembered,
      ended: this.#ended,
    });
    this.#snapshotPosition = this.#position;
    this.#records = [];
  }

  /** Takes over a history that leads to where it stands. */
  adopt({ position, snapshot, records }: History): void {
    this.#snapshotPosition = position;
    this.#snapshot = snapshot;
    this.#records = [...records];
  }

  /** Goes on with what another knows, of which it has seen a part: keeps the changes that it has told. */
  catchUp(history: History): boolean {
    if (isSame(history.position, this.#position)) {
      // Of no message there are as many as the partition was forgotten times: they differ in their revision.
      const isNone = this.#position.sequence === 0;
      if (isNone && Buffer.compare(history.snapshot, this.#snapshot) !== 0) return false;
      for (const record of history.records) this.apply(record);
      return true;
    }
    const next = history.records.findIndex(({ position }) => isSame(position, this.#position)) + 1;
    if (next === 0) return false;
    for (const record of history.records.slice(next)) this.apply(record);
    return true;
  }

  #applyAll({ changes, operations, ended }: Delta, sequence: number): AppliedChange[] {
    const applied: AppliedChange[] = [];
    let next = firstRevisionOf(sequence);
    let operation = 0;
    const remember = (): void => {
      for (; operations[operation]?.at === applied.length; operation++) {
        this.#keepResult(operations[operation] as OperationRecord, applied.at(-1));
      }
    };
    remember();
    for (const change of changes) {
      const isJoined = change.type !== 'none' && change.isJoined;
      while (isTaken(this.#entries, change, next)) next = (next + 1) as Revision;
      const revision = isJoined ? this.#revision : next;
      if (!isJoined) next = (next + 1) as Revision;
      this.#revision = revision;
      applied.push(this.#applyOne(change, revision));
      remember();
    }
    for (const session of ended) this.#end(session);
    return applied;
  }

  #applyOne(change: Change, revision: Revision): AppliedChange {
    if (change.type === 'none') return { before: undefined, after: undefined, revision };
    const key = change.type === 'put' && change.isQueued ? queueKey(change.key, revision) : change.key;
    const before = this.#entries.get(key);
    if (before !== undefined) this.#unset(before);
    if (change.type === 'delete') {
      this.#entries.delete(key);
      if (before !== undefined) this.#changed({ type: 'delete', entry: before, revision });
      return { before, after: undefined, revision };
    }
    const { value, session } = change;
    const created = before?.created ?? revision;
    const after = { key, value, created, modified: revision, ...(session === undefined ? {} : { session }) };
    this.#set(after);
    this.#changed({ type: 'put', entry: after, revision });
    return { before, after, revision };
  }

  #keepResult({ session, sequence, kind }: OperationRecord, last: AppliedChange | undefined): void {
    const entry = kind === 'batch' ? undefined : kind === 'delete' ? last?.before : last?.after;
    this.#remember(session, { sequence, kind, revision: this.#revision, entry });
  }

  #remember(session: SessionId, remembered: Remembered): void {
    this.#bytes += rememberedBytes(remembered) - rememberedBytes(this.#remembered.get(session));
    this.#remembered.set(session, remembered);
  }

  #end(session: SessionId): void {
    this.#bytes -= rememberedBytes(this.#remembered.get(session));
    this.#remembered.delete(session);
    this.#ended.delete(session);
    this.#ended.add(session);
    for (const oldest of this.#ended) {
      if (this.#ended.size <= endedMax) break;
      this.#ended.delete(oldest);
    }
  }

  #set(entry: Entry): void {
    this.#entries.set(entry);
    this.#bytes += entryBytes(entry);
    if (entry.session === undefined) return;
    const keys = this.#bySession.get(entry.session) ?? new Set();
    this.#bySession.set(entry.session, keys.add(entry.key));
  }

  /** Counts an entry out that is about to go or to be replaced. */
  #unset(entry: Entry): void {
    this.#bytes -= entryBytes(entry);
    if (entry.session === undefined) return;
    const keys = this.#bySession.get(entry.session);
    keys?.delete(entry.key);
    if (keys?.size === 0) this.#bySession.delete(entry.session);
  }

  #changed(change: StoreChange): void {
    this.#changes.push(change);
    this.#changeBytes += entryBytes(change.entry);
    if (this.#changes.length <= 2 * changesMax && this.#changeBytes <= 2 * changesMaxBytes) return;
    // Cut at a revision, so that the changes of one batch are known all or none.
    const middle = this.#changes[this.#changes.length >>> 1] as StoreChange;
    this.#forgotten = middle.revision;
    this.#changes = this.#changes.filter(({ revision }) => revision > this.#forgotten);
    this.#changeBytes = this.#changes.reduce((sum, { entry }) => sum + entryBytes(entry), 0);
  }
}

/** What an entry takes in a snapshot, at most: keys are counted as if each character took 3 bytes only where it is not ASCII. */
export function entryBytes({ key, value, session }: Entry): number {
  return Buffer.byteLength(key) + value.length + (session?.length ?? 0) + 24;
}

/** What a remembered operation takes, if its entry stands nowhere else. */
function rememberedBytes(remembered: Remembered | undefined): number {
  if (remembered === undefined) return 0;
  return 48 + (remembered.entry === undefined ? 0 : entryBytes(remembered.entry));
}

/** Whether the key that a queue would make next is there already. */
function isTaken(entries: EntryOrder, change: Change, revision: Revision): boolean {
  return (
    change.type === 'put' && change.isQueued && entries.get(queueKey(change.key, revision)) !== undefined
  );
}
