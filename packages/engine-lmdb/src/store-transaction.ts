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
import { type KnownPartition, KnownState } from './known-state.ts';
import { int64Sum } from './int64-sum.ts';
import { OperationMemory, type Remembered } from './operation-memory.ts';
import { SessionSteps } from './session-steps.ts';
import { type MachineTime, SessionTable } from './session-table.ts';
import { holds, refused } from './entry-condition.ts';
import { partitionHead, writePartitionHead } from './partition-head.ts';
import type { SortedBytes } from './sorted-bytes.ts';
import { storageFull } from './store-failure.ts';
import { KnownListeners } from './queue/listener-table.ts';
import { QueueTransaction } from './queue/queue-transaction.ts';
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
  /** What the same writer's earlier transactions left; forgotten by whoever does not commit. Default: nothing. */
  readonly known?: KnownState;
  /** The same of who listens to queues. */
  readonly knownListeners?: KnownListeners;
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
  readonly #known: KnownState;
  #queues: QueueTransaction | undefined;
  /** The partitions that were looked at. */
  readonly #partitions = new Map<string, KnownPartition>();
  /** Those that changed. */
  readonly #changedPartitions = new Set<string>();

  constructor(bytes: SortedBytes, root: StoreRoot, options: TransactionOptions) {
    this.#bytes = bytes;
    this.#root = root;
    this.#options = options;
    this.#known = options.known ?? new KnownState();
    this.#known.begin(root);
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
    if (request.type === 'queue') return this.#queue().run(request);
    if (request.type !== 'register' && request.type !== 'unregister') {
      this.#root.sessionWrites++;
      this.#known.begin(this.#root);
    }
    if (request.type === 'end-host') {
      // One that only seems to be dead is not forgotten while it may hold messages: they come back by their leases' ends.
      if (request.isProven) this.#queue().endHost(request.host);
      else if (this.#queue().hasLeases(request.host)) return false;
    }
    return this.#sessionSteps.run(request);
  }

  /** Writes what all steps share, at the end of the transaction. */
  finish(): void {
    this.#queues?.finish();
    for (const partition of this.#changedPartitions) {
      writePartitionHead(this.#bytes, partition, this.#partition(partition).head);
    }
  }

  #putOnce({ write, condition, operation }: RequestOf<'put'>): Applied | Refused {
    const known = this.#recall(operation, write.key);
    if (known !== undefined) return appliedOf(known);
    this.#checkAlive(write.session);
    const current = this.#entry(write.key);
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
    const entry = this.#entry(key);
    if (entry === undefined || !holds(condition, entry)) return refused(entry);
    const revision = this.#next();
    this.#delete(entry, revision);
    this.#remember(operation, key, { revision, entry });
    return { outcome: 'applied', entry, revision };
  }

  #enqueue({ prefix, value, session, operation }: RequestOf<'enqueue'>): Enqueued {
    const known = this.#recall(operation, prefix)?.entry;
    const self = known ?? this.#enqueueNew(prefix, value, session, operation);
    const partition = this.#partition(partitionOf(prefix));
    if (known === undefined && partition.count(prefix) === 1) return { self, head: self };
    const before = { prefix, createdBefore: self.created, limit: 1 };
    const [predecessor] = this.#entries.list(this.#root, { ...before, newestFirst: true });
    if (predecessor === undefined) {
      if (known === undefined) partition.setCount(prefix, 1);
      return { self, head: self };
    }
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
    if (this.#partition(partitionOf(prefix)).count(prefix) !== 0) {
      while (this.#entry(queueKey(prefix, revision)) !== undefined) revision = this.#next();
    }
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
    const current = this.#entry(key);
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
      const current = this.#entry(key);
      if (!holds(condition, current)) return { key, ...refused(current) };
    }
    const puts = writes.filter(write => write.type === 'put');
    const takenBytes = puts.reduce((sum, write) => sum + entryBytes(write), 0);
    if (puts.length > 0) this.#checkRoom(takenBytes, undefined);
    const revision =
      writes.length === 0 ? (this.#partition(partitionOf(first)).head.revision as Revision) : this.#next();
    for (const write of writes) {
      const current = this.#entry(write.key);
      if (write.type === 'put') this.#put(write, current, revision);
      else if (current !== undefined) this.#delete(current, revision);
    }
    const partition = this.#partition(partitionOf(first));
    const { head } = partition;
    // It counts although all that it was to delete may have been absent; so does what was only remembered.
    if (writes.length > 0) partition.head = { ...head, revision };
    else if (operation !== undefined) partition.head = { ...head, noted: head.noted + 1 };
    if (partition.head !== head) this.#changedPartitions.add(partitionOf(first));
    this.#remember(operation, first, { revision });
    return { outcome: 'applied', revision };
  }

  #put(
    write: { readonly key: string; readonly value: Uint8Array; readonly session?: SessionId },
    current: Entry | undefined,
    revision: Revision,
  ): Entry {
    const entry = this.#entries.put(this.#root, write, current, revision);
    this.#partition(partitionOf(entry.key)).put(entry, current);
    this.#changed('put', entry, revision);
    return entry;
  }

  #delete(entry: Entry, revision: Revision): void {
    this.#entries.delete(this.#root, entry);
    this.#partition(partitionOf(entry.key)).delete(entry.key);
    this.#changed('delete', entry, revision);
  }

  #changed(type: 'put' | 'delete', entry: Entry, revision: Revision): void {
    const name = partitionOf(entry.key);
    const partition = this.#partition(name);
    const { head } = partition;
    const number = this.#ring.append(this.#root, type, entry, revision, head);
    partition.head = { revision, number, noted: head.noted };
    this.#changedPartitions.add(name);
    this.#topics.changed(this.#root, entry.key, number, this.#wake);
  }

  /** The queues' part, at the moment at which it was first asked for. */
  #queue(): QueueTransaction {
    this.#queues ??= new QueueTransaction(this.#bytes, {
      time: this.#options.time,
      next: () => this.#next(),
      known: this.#options.knownListeners ?? new KnownListeners(),
      wake: this.#wake,
    });
    return this.#queues;
  }

  readonly #wake = (host: string, topic: Wake[1]): void => {
    this.wakes.push([host, topic]);
  };

  /** An operation of a dead session may have been carried out before: nobody knows any more. */
  #recall(operation: OperationId | undefined, key: string): Remembered | undefined {
    if (operation === undefined) return undefined;
    if (!this.#isAlive(operation.session)) throw sessionLost(operation.session, 'unknown');
    const partition = partitionOf(key);
    return this.#memory.recall(operation, partition, this.#partition(partition));
  }

  #remember(operation: OperationId | undefined, key: string, remembered: Remembered): void {
    if (operation === undefined) return;
    const partition = partitionOf(key);
    this.#memory.remember(operation, partition, remembered, this.#partition(partition));
  }

  #checkAlive(session: SessionId | undefined): void {
    if (session !== undefined && !this.#isAlive(session)) throw sessionLost(session, 'not-applied');
  }

  #isAlive(session: SessionId): boolean {
    return this.#sessions.lives(this.#known.session(session, () => this.#sessions.get(session)));
  }

  #entry(key: string): Entry | undefined {
    return this.#partition(partitionOf(key)).entry(key) ?? this.#entries.get(key);
  }

  #partition(partition: string): KnownPartition {
    const looked = this.#partitions.get(partition);
    if (looked !== undefined) return looked;
    const known = this.#known.partition(partition, partitionHead(this.#bytes, partition));
    this.#partitions.set(partition, known);
    return known;
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
