import { QuorateError, type SessionId, systemRandom } from '@quorate/core';
import { ChangeRing } from '../change-ring.ts';
import { EntryTable } from '../entry-table.ts';
import { hostTable } from '../host-table.ts';
import { type PartitionHead, partitionHead } from '../partition-head.ts';
import { SessionTable } from '../session-table.ts';
import { unavailable } from '../store-failure.ts';
import type { SortedBytes } from '../sorted-bytes.ts';
import type { StoreRequest, Wake } from '../store-request.ts';
import { StoreRoot } from '../store-root.ts';
import { TopicTable } from '../topic-table.ts';
import { DatabaseWriter } from './database-writer.ts';
import { FileRoom } from './file-room.ts';
import { HostLinks } from './host-links.ts';
import { HostTopics } from './host-topics.ts';
import { QueueLog } from './queue-log.ts';
import { isQueueTopic, QueueTopics } from './queue-topics.ts';
import { InlineWriter } from './inline-writer.ts';
import { LmdbBytes, type LmdbDatabase } from './lmdb-bytes.ts';
import { machineTime } from './machine-time.ts';
import { openDatabase, openDatabaseToRead } from './open-database.ts';
import { reserveRevisions } from './reserved-revisions.ts';
import { takeCheckpoint } from './queue-checkpoint.ts';
import type { StoreFolder } from './store-folder.ts';
import { gateFolder } from './write-gate.ts';
import { WriterClient } from './writer-client.ts';

/** How often a host looks for what it was not told of, and for the dead, ms. */
const pollMs = 1000;

export interface StoreHostOptions {
  readonly folder: StoreFolder;
  readonly maxBytes: number;
  readonly openMs: number;
  /** Whether to commit in this thread, where that can be. */
  readonly isInline: boolean;
}

/** What a snapshot of the database shows. */
export interface StoreView {
  readonly root: StoreRoot;
  readonly entries: EntryTable;
  readonly sessions: SessionTable;
  readonly topics: TopicTable;
  readonly ring: ChangeRing;
  readonly head: (partition: string) => PartitionHead;
  readonly bytes: SortedBytes;
}

/**
 * A thread that has a database open, for all its clients: reads in the thread itself, a writer beside it, a socket for others, and one
 * timer.
 */
export class StoreHost implements AsyncDisposable {
  readonly id: string;
  readonly topics: HostTopics;
  readonly queues: QueueTopics;
  readonly links: HostLinks;
  readonly #folder: StoreFolder;
  readonly #writer: WriterClient;
  readonly #database: LmdbDatabase;
  readonly #tables: Omit<StoreView, 'root'>;
  readonly #bytes: LmdbBytes;
  readonly #timer: NodeJS.Timeout;
  /** The hosts whose death this one is told of. */
  readonly #observed = new Set<string>();
  #checkpoint: Promise<void> | undefined;
  #isSweeping = false;
  #isClosed = false;

  /** @throws QuorateError, RangeError */
  static async open(options: StoreHostOptions): Promise<StoreHost> {
    const { folder, maxBytes, openMs, isInline } = options;
    const id = Buffer.from(systemRandom.bytes(8)).toString('hex');
    // What others are told before the host is complete concerns nobody.
    let host: StoreHost | undefined;
    const links = new HostLinks({
      folder: folder.hosts,
      host: id,
      onTopic: topic => host?.tell(topic),
      onDead: (dead, isProven) => host?.endHost(dead, isProven),
    });
    try {
      await links.listen();
    } catch (thrown) {
      throw unavailable(`Folder "${folder.hosts}" takes no socket: ${String(thrown)}`, 'not-applied', thrown);
    }
    const writer = new WriterClient({
      folder: folder.database,
      parent: folder.path,
      durability: folder.log === undefined ? folder.durability : 'os',
      log: folder.log,
      onCheckpoint: number => void host?.checkpoint(number),
      host: id,
      maxBytes,
      openMs,
      onWakes: wakes => host?.wake(wakes),
    });
    try {
      await writer.opened();
      // The writer has it open by now; a reader that came first would have it opened to read only, for both.
      const files = {
        folder: folder.database,
        durability: folder.log === undefined ? folder.durability : 'os',
      } as const;
      const database = isInline ? openDatabase(files) : openDatabaseToRead(files);
      const inline = isInline ? inlineWriter(database, folder, maxBytes) : undefined;
      if (inline !== undefined) writer.commitInline(inline);
      host = new StoreHost(id, links, writer, database, folder);
      return host;
    } catch (thrown) {
      await links[Symbol.asyncDispose]();
      writer.abandon();
      throw thrown;
    }
  }

  private constructor(
    id: string,
    links: HostLinks,
    writer: WriterClient,
    database: LmdbDatabase,
    folder: StoreFolder,
  ) {
    this.#folder = folder;
    this.id = id;
    this.links = links;
    this.#writer = writer;
    this.#database = database;
    this.#bytes = new LmdbBytes(database);
    this.#tables = {
      entries: new EntryTable(this.#bytes),
      sessions: new SessionTable(this.#bytes, machineTime()),
      topics: new TopicTable(this.#bytes),
      ring: new ChangeRing(this.#bytes),
      head: partition => partitionHead(this.#bytes, partition),
      bytes: this.#bytes,
    };
    this.topics = new HostTopics(
      topic => this.ask({ type: 'register', topic, host: id }),
      topic => this.ask({ type: 'unregister', topic, host: id }),
    );
    this.queues = new QueueTopics(this);
    this.#timer = setInterval(() => this.#poll(), pollMs);
    this.#timer.unref();
  }

  /** Reads the latest that was committed, by whichever process. What `run` reads is of one moment. */
  read<Result>(run: (view: StoreView) => Result): Result {
    if (this.#isClosed) throw new QuorateError('CLOSED', 'The store was closed', { outcome: 'not-applied' });
    try {
      this.#database.resetReadTxn();
      return run({ root: StoreRoot.read(this.#bytes) as StoreRoot, ...this.#tables });
    } catch (thrown) {
      if (thrown instanceof QuorateError) throw thrown;
      throw unavailable(`The database could not be read: ${String(thrown)}`, 'not-applied', thrown);
    }
  }

  /** Has the writer change something. */
  ask<Result>(request: StoreRequest, signal?: AbortSignal): Promise<Result> {
    return this.#writer.ask(request, signal);
  }

  /** Has those look who wait for news of a topic. */
  tell(topic: Wake[1]): void {
    if (isQueueTopic(topic)) this.queues.tell(topic);
    else this.topics.tell(topic);
  }

  wake(wakes: readonly Wake[]): void {
    for (const [host, topic] of wakes) {
      if (host === this.id) this.tell(topic);
      else this.links.wake(host, topic);
    }
  }

  /** Takes a copy of the database, so that the log need not be kept from its beginning. One that fails is taken later. */
  async checkpoint(number: number): Promise<void> {
    const taken = this.#checkpoint ?? takeCheckpoint(this.#database, this.#folder, number).catch(() => {});
    this.#checkpoint = taken;
    await taken;
    this.#checkpoint = undefined;
  }

  /** Has this host told of the death of all others: their messages come back then. */
  observeAll(): void {
    const hosts = this.read(({ bytes }) => hostTable(bytes).all());
    for (const host of hosts) {
      if (this.#observed.has(host)) continue;
      this.#observed.add(host);
      this.links.observe(host);
    }
    for (const host of this.#observed) if (!hosts.includes(host)) this.#observed.delete(host);
  }

  /** Ends the sessions of a host that is dead, and forgets it; one that only seems to be is forgotten if it has no sessions. */
  endHost(host: string, isProven: boolean): void {
    if (this.#isClosed) return;
    this.ask({ type: 'end-host', host, isProven }).then(
      () => {
        // Not before: were this process killed first, the next could not prove that death any more.
        if (isProven && !this.#isClosed) this.links.forget(host);
        this.sweep();
      },
      // Its sessions end by their time to live, or it is found to be dead once more, by this host or another.
      () => {},
    );
  }

  /** Ends what has expired and deletes what the dead left, a bounded part at a time. */
  sweep(): void {
    if (this.#isSweeping || this.#isClosed || !this.#hasDead()) return;
    this.#isSweeping = true;
    void this.#sweepOnce().then(hasMore => {
      this.#isSweeping = false;
      if (hasMore) setImmediate(() => this.sweep());
    });
  }

  isAlive(session: SessionId): boolean {
    return this.read(({ sessions }) => sessions.isAlive(session));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#timer);
    this.queues[Symbol.dispose]();
    // The reader first: were it the last, another thread that opens the database now would get it to read only.
    await this.#writer.settled();
    await this.#checkpoint;
    await this.#database.close();
    await this.#writer[Symbol.asyncDispose]();
    await this.links[Symbol.asyncDispose]();
  }

  /** Whether there is something to sweep. What cannot be read now is swept at a later poll. */
  #hasDead(): boolean {
    try {
      return this.read(({ sessions }) => sessions.unswept(1).length > 0 || sessions.expired().length > 0);
    } catch {
      return false;
    }
  }

  /** Whether there is more. What fails now is tried at the next poll. */
  async #sweepOnce(): Promise<boolean> {
    try {
      return await this.ask<boolean>({ type: 'sweep' });
    } catch {
      return false;
    }
  }

  #poll(): void {
    if (this.#isClosed) return;
    try {
      this.topics.tellAll();
      this.queues.tellAll();
      this.sweep();
      // The snapshot of a process that was killed while it read would keep all pages from being used again.
      this.#database.readerCheck();
      // Hosts that died while nobody had a connection to them; one at a time, for they are few and nobody waits.
      this.#database.resetReadTxn();
      const hosts = hostTable(this.#bytes).all();
      const other = hosts[systemRandom.uint32() % Math.max(1, hosts.length)];
      if (other !== undefined) this.links.probe(other);
    } catch {
      // What cannot be read now is looked at the next time.
    }
  }
}

function inlineWriter(
  database: LmdbDatabase,
  folder: StoreFolder,
  maxBytes: number,
): InlineWriter | undefined {
  const room = new FileRoom(folder.database);
  const log = folder.log === undefined ? undefined : new QueueLog(folder.log, folder.database, false);
  const reserve = (ceiling: number): void => {
    // That waits for the disk, and is done in the writer's thread.
    if (log !== undefined) throw new Error('Revisions are to be reserved');
    reserveRevisions(folder.path, ceiling);
  };
  const options = { time: machineTime(), maxBytes, reserve };
  const writer = new DatabaseWriter(database, room, options, log && { log, tell: () => {} });
  const hold = (run: () => void): void => database.transactionSync(run);
  return InlineWriter.open(gateFolder(folder.database), hold, writer, log);
}
