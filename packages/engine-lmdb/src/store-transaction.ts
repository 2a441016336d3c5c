import {
  type AddResult,
  type Applied,
  type BatchResult,
  type Condition,
  type Enqueued,
  type Entry,
  type OperationId,
  partitionOf,
  queueKey,
  type Refused,
  type Revision,
  sessionLost,
  type SessionId,
  type Unknown,
} from '@quorate/core';
import { ChangeRing } from './change-ring.ts';
import { EntryTable, entryBytes } from './entry-table.ts';
import { type HostTable, hostTable } from './host-table.ts';
import { int64Sum } from './int64-sum.ts';
import { OperationMemory, type Remembered } from './operation-memory.ts';
import { type MachineTime, SessionTable } from './session-table.ts';
import { revisionOf, writeRevision } from './partition-revision.ts';
import type { SortedBytes } from './sorted-bytes.ts';
import { storageFull } from './store-failure.ts';
import type { StoreRequest, Wake } from './store-request.ts';
import type { StoreRoot } from './store-root.ts';
import { TopicTable } from './topic-table.ts';

/** How many entries of dead sessions one step deletes. */
const sweepMax = 200;

/** What a transaction stands on. */
export interface TransactionOptions {
  readonly time: MachineTime;
  /** What the entries may take together. */
  readonly maxBytes: number;
  /** Reserves revisions up to this one, durably, beside the database. */
  readonly reserve: (ceiling: number) => void;
}

/** How many revisions are reserved at a time. */
const reservedCount = 2 ** 20;

/**
 * The steps that change a database, each of which checks everything before it writes anything: what it throws left no trace, and
 * the other steps of the same transaction stand.
 */
export class StoreTransaction {
  /** Whom to wake once the transaction is committed. */
  readonly wakes: Wake[] = [];
  readonly #root: StoreRoot;
  readonly #options: TransactionOptions;
  readonly #entries: EntryTable;
  readonly #sessions: SessionTable;
  readonly #topics: TopicTable;
  readonly #ring: ChangeRing;
  readonly #memory: OperationMemory;
  readonly #hosts: HostTable;
  readonly #bytes: SortedBytes;
  /** The last revisions of partitions that changed. */
  readonly #revisions = new Map<string, number>();

  constructor(bytes: SortedBytes, root: StoreRoot, options: TransactionOptions) {
    this.#bytes = bytes;
    this.#root = root;
    this.#options = options;
    this.#entries = new EntryTable(bytes);
    this.#sessions = new SessionTable(bytes, options.time);
    this.#topics = new TopicTable(bytes);
    this.#ring = new ChangeRing(bytes);
    this.#memory = new OperationMemory(bytes);
    this.#hosts = hostTable(bytes);
  }

  /** @throws QuorateError `SESSION_LOST`, `OPERATION_SUPERSEDED`, `STORAGE_FULL`; RangeError of an `add` */
  run(request: StoreRequest): unknown {
    switch (request.type) {
      case 'put':
        return this.#putOnce(request);
      case 'delete':
        return this.#deleteOnce(request);
      case 'enqueue':
        return this.#enqueue(request);
      case 'add':
        return this.#add(request);
      case 'batch':
        return this.#batch(request);
      case 'open-session':
        // The host may have been taken for dead meanwhile: it is not.
        this.#hosts.add(request.host);
        return this.#sessions.open(request.session, request.ttlMs, request.host);
      case 'renew-session':
        return this.#sessions.renew(request.session) || this.#endSession(request.session);
      case 'end-session':
        return this.#endSession(request.session);
      case 'register':
        return this.#topics.register(this.#root, request.topic, request.host);
      case 'unregister':
        return this.#topics.unregister(this.#root, request.topic, request.host);
      case 'add-host':
        return this.#hosts.add(request.host);
      case 'end-host':
        return this.#endHost(request.host);
      case 'sweep':
        return this.#sweep();
    }
  }

  /** Writes what all steps share, at the end of the transaction. */
  finish(): void {
    for (const [partition, revision] of this.#revisions) writeRevision(this.#bytes, partition, revision);
  }

  #putOnce({ write, condition, operation }: RequestOf<'put'>): Applied | Refused {
    const known = this.#recall(operation, write.key);
    if (known !== undefined) return appliedOf(known);
    this.#checkAlive(write.session);
    const current = this.#entries.get(write.key);
    if (!holds(condition, current)) return refused(current);
    this.#checkRoom(entryBytes(write), current);
    const revision = this.#next();
    const entry = this.#put(write, current, revision);
    this.#remember(operation, write.key, { revision, entry });
    return { outcome: 'applied', entry, revision };
  }

  #deleteOnce({ key, condition, operation }: RequestOf<'delete'>): Applied | Refused {
    const known = this.#recall(operation, key);
    if (known !== undefined) return appliedOf(known);
    const entry = this.#entries.get(key);
    if (entry === undefined || !holds(condition, entry)) return refused(entry);
    const revision = this.#next();
    this.#delete(entry, revision);
    this.#remember(operation, key, { revision, entry });
    return { outcome: 'applied', entry, revision };
  }

  #enqueue({ prefix, value, session, operation }: RequestOf<'enqueue'>): Enqueued {
    const self =
      this.#recall(operation, prefix)?.entry ?? this.#enqueueNew(prefix, value, session, operation);
    const before = { prefix, createdBefore: self.created, limit: 1 };
    const [predecessor] = this.#entries.list(this.#root, { ...before, newestFirst: true });
    if (predecessor === undefined) return { self, head: self };
    const [head] = this.#entries.list(this.#root, { ...before, newestFirst: false });
    return { self, head: head as Entry, predecessor };
  }

  #enqueueNew(
    prefix: string,
    value: Uint8Array,
    session: SessionId,
    operation: OperationId | undefined,
  ): Entry {
    this.#checkAlive(session);
    this.#checkRoom(entryBytes({ key: queueKey(prefix, 0 as Revision), value }), undefined);
    let revision = this.#next();
    while (this.#entries.get(queueKey(prefix, revision)) !== undefined) revision = this.#next();
    const entry = this.#put({ key: queueKey(prefix, revision), value, session }, undefined, revision);
    this.#remember(operation, prefix, { revision, entry });
    return entry;
  }

  #add({ key, delta, operation }: RequestOf<'add'>): Exclude<AddResult, Unknown> {
    const known = this.#recall(operation, key);
    if (known?.entry !== undefined) {
      const value = BigInt(new TextDecoder().decode(known.entry.value));
      return { outcome: 'applied', value, revision: known.revision as Revision };
    }
    const current = this.#entries.get(key);
    const sum = int64Sum(key, current, delta);
    const value = new TextEncoder().encode(`${sum}`);
    this.#checkRoom(entryBytes({ key, value }), current);
    const revision = this.#next();
    const session = current?.session;
    const entry = this.#put({ key, value, ...(session === undefined ? {} : { session }) }, current, revision);
    this.#remember(operation, key, { revision, entry });
    return { outcome: 'applied', value: sum, revision };
  }

  #batch({ conditions, writes, operation }: RequestOf<'batch'>): Exclude<BatchResult, Unknown> {
    const [first] = [...conditions.keys(), ...writes.map(({ key }) => key)] as [string];
    const known = this.#recall(operation, first);
    if (known !== undefined) return { outcome: 'applied', revision: known.revision as Revision };
    for (const write of writes) if (write.type === 'put') this.#checkAlive(write.session);
    for (const [key, condition] of conditions) {
      const current = this.#entries.get(key);
      if (!holds(condition, current)) return { key, ...refused(current) };
    }
    const puts = writes.filter(write => write.type === 'put');
    const takenBytes = puts.reduce((sum, write) => sum + entryBytes(write), 0);
    if (puts.length > 0) this.#checkRoom(takenBytes, undefined);
    const revision = writes.length === 0 ? (this.#revisionOf(partitionOf(first)) as Revision) : this.#next();
    if (writes.length > 0) this.#revisions.set(partitionOf(first), revision);
    for (const write of writes) {
      const current = this.#entries.get(write.key);
      if (write.type === 'put') this.#put(write, current, revision);
      else if (current !== undefined) this.#delete(current, revision);
    }
    this.#remember(operation, first, { revision });
    return { outcome: 'applied', revision };
  }

  /** Ends a session, and deletes what one step may of it. Gives false, what a renewal of a dead session is answered. */
  #endSession(session: string): false {
    if (this.#sessions.end(session)) {
      this.#topics.ended(session, this.#wake);
      this.#sweepSession(session);
    }
    return false;
  }

  #endHost(host: string): void {
    if (!this.#hosts.remove(host)) return;
    for (const session of this.#sessions.of(host)) this.#endSession(session);
    this.#topics.unregisterAll(this.#root, host);
  }

  /** Ends what has expired and deletes some of what dead sessions left. Gives whether there is more to do. */
  #sweep(): boolean {
    const expired = this.#sessions.expired();
    for (const session of expired.slice(0, sweepMax)) this.#endSession(session);
    let left = sweepMax;
    for (const session of this.#sessions.unswept(sweepMax)) {
      left -= this.#sweepSession(session, left);
      if (left <= 0) break;
    }
    return expired.length > sweepMax || this.#sessions.unswept(1).length > 0;
  }

  /** Deletes what a dead session left, up to a limit, each entry by a revision of its own. Gives how much. */
  #sweepSession(session: string, limit: number = sweepMax): number {
    const keys = this.#entries.keysOf(session, limit);
    const entries = keys.map(key => this.#entries.get(key) as Entry);
    entries.sort((one, other) => one.created - other.created);
    for (const entry of entries) this.#delete(entry, this.#next());
    const forgotten = this.#memory.forget(session, limit);
    this.#sessions.markUnswept(session, keys.length === limit || forgotten === limit);
    return Math.max(1, keys.length + forgotten);
  }

  #put(
    write: { readonly key: string; readonly value: Uint8Array; readonly session?: SessionId },
    current: Entry | undefined,
    revision: Revision,
  ): Entry {
    const entry = this.#entries.put(this.#root, write, current, revision);
    this.#changed('put', entry, revision);
    return entry;
  }

  #delete(entry: Entry, revision: Revision): void {
    this.#entries.delete(this.#root, entry);
    this.#changed('delete', entry, revision);
  }

  #changed(type: 'put' | 'delete', entry: Entry, revision: Revision): void {
    this.#revisions.set(partitionOf(entry.key), revision);
    const number = this.#ring.append(this.#root, type, entry, revision);
    this.#topics.changed(this.#root, entry.key, number, this.#wake);
  }

  readonly #wake = (host: string, topic: Wake[1]): void => {
    this.wakes.push([host, topic]);
  };

  /** An operation of a dead session may have been carried out before: nobody knows any more. */
  #recall(operation: OperationId | undefined, key: string): Remembered | undefined {
    if (operation === undefined) return undefined;
    if (!this.#sessions.isAlive(operation.session)) throw sessionLost(operation.session, 'unknown');
    return this.#memory.recall(operation, partitionOf(key));
  }

  #remember(operation: OperationId | undefined, key: string, remembered: Remembered): void {
    if (operation !== undefined) this.#memory.remember(operation, partitionOf(key), remembered);
  }

  #checkAlive(session: SessionId | undefined): void {
    if (session !== undefined && !this.#sessions.isAlive(session)) throw sessionLost(session, 'not-applied');
  }

  #revisionOf(partition: string): number {
    return this.#revisions.get(partition) ?? revisionOf(this.#bytes, partition);
  }

  #checkRoom(bytes: number, current: Entry | undefined): void {
    const before = current === undefined ? 0 : entryBytes(current);
    if (bytes <= before || this.#root.entryBytes + bytes - before <= this.#options.maxBytes) return;
    throw storageFull(`The store holds ${this.#root.entryBytes} of at most ${this.#options.maxBytes} bytes`);
  }

  #next(): Revision {
    const revision = ++this.#root.revision;
    if (revision > this.#root.ceiling) {
      this.#options.reserve(revision + reservedCount);
      this.#root.ceiling = revision + reservedCount;
    }
    return revision as Revision;
  }
}

type RequestOf<Type extends StoreRequest['type']> = Extract<StoreRequest, { readonly type: Type }>;

function holds(condition: Condition, current: Entry | undefined): boolean {
  if ('absent' in condition) return current === undefined;
  if ('modified' in condition) return current?.modified === condition.modified;
  return current?.created === condition.created;
}

function refused(current: Entry | undefined): Refused {
  return current === undefined ? { outcome: 'not-applied' } : { outcome: 'not-applied', current };
}

function appliedOf({ entry, revision }: Remembered): Applied {
  return { outcome: 'applied', entry: entry as Entry, revision: revision as Revision };
}
