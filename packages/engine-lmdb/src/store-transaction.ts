import {
  type AddResult,
  type Applied,
  type BatchResult,
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
import { hostTable } from './host-table.ts';
import { int64Sum } from './int64-sum.ts';
import { OperationMemory, type Remembered } from './operation-memory.ts';
import { SessionSteps } from './session-steps.ts';
import { type MachineTime, SessionTable } from './session-table.ts';
import { holds, refused } from './entry-condition.ts';
import { type PartitionHead, partitionHead, writePartitionHead } from './partition-head.ts';
import type { SortedBytes } from './sorted-bytes.ts';
import { storageFull } from './store-failure.ts';
import type { StoreRequest, Wake } from './store-request.ts';
import type { StoreRoot } from './store-root.ts';
import { TopicTable } from './topic-table.ts';

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
  readonly #sessionSteps: SessionSteps;
  readonly #bytes: SortedBytes;
  /** The heads of partitions that changed. */
  readonly #heads = new Map<string, PartitionHead>();

  constructor(bytes: SortedBytes, root: StoreRoot, options: TransactionOptions) {
    this.#bytes = bytes;
    this.#root = root;
    this.#options = options;
    this.#entries = new EntryTable(bytes);
    this.#sessions = new SessionTable(bytes, options.time);
    this.#topics = new TopicTable(bytes);
    this.#ring = new ChangeRing(bytes);
    this.#memory = new OperationMemory(bytes);
    this.#sessionSteps = new SessionSteps({
      root,
      entries: this.#entries,
      sessions: this.#sessions,
      topics: this.#topics,
      memory: this.#memory,
      hosts: hostTable(bytes),
      deleteEntry: entry => this.#delete(entry, this.#next()),
      wake: this.#wake,
    });
  }

  /** @throws QuorateError `SESSION_LOST`, `OPERATION_SUPERSEDED`, `STORAGE_FULL`; RangeError of an `add` */
  run(request: StoreRequest): unknown {
    if (request.type === 'put') return this.#putOnce(request);
    if (request.type === 'delete') return this.#deleteOnce(request);
    if (request.type === 'enqueue') return this.#enqueue(request);
    if (request.type === 'add') return this.#add(request);
    if (request.type === 'batch') return this.#batch(request);
    return this.#sessionSteps.run(request);
  }

  /** Writes what all steps share, at the end of the transaction. */
  finish(): void {
    for (const [partition, head] of this.#heads) writePartitionHead(this.#bytes, partition, head);
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
    const revision =
      writes.length === 0 ? (this.#head(partitionOf(first)).revision as Revision) : this.#next();
    for (const write of writes) {
      const current = this.#entries.get(write.key);
      if (write.type === 'put') this.#put(write, current, revision);
      else if (current !== undefined) this.#delete(current, revision);
    }
    // It counts although all that it was to delete may have been absent.
    if (writes.length > 0) {
      this.#heads.set(partitionOf(first), { ...this.#head(partitionOf(first)), revision });
    }
    this.#remember(operation, first, { revision });
    return { outcome: 'applied', revision };
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
    const partition = partitionOf(entry.key);
    const number = this.#ring.append(this.#root, type, entry, revision, this.#head(partition));
    this.#heads.set(partition, { revision, number });
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

  #head(partition: string): PartitionHead {
    return this.#heads.get(partition) ?? partitionHead(this.#bytes, partition);
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

function appliedOf({ entry, revision }: Remembered): Applied {
  return { outcome: 'applied', entry: entry as Entry, revision: revision as Revision };
}
