import {
  boundedWait,
  checkJournalCompaction,
  checkJournalRange,
  checkJournalSnapshot,
  checkJournalWrite,
  type Clock,
  type GroupId,
  type Journal,
  type JournalCapabilities,
  JournalGroup,
  type JournalWrite,
  type LogEntry,
  type LogIndex,
  ownedChunks,
  ownedLogEntry,
  QuorateError,
  type RecoveredLog,
  type SnapshotMetadata,
  type StoredSnapshot,
  systemClock,
  type Term,
  type WaitOptions,
} from '@quorate/core';

/** How a journal in memory is made. */
export interface MemoryJournalOptions {
  /** What deadlines are measured on. Default `systemClock`. */
  readonly clock?: Clock | undefined;
  /** The longest payload of an entry. Default 16 MiB - 1, as in `@quorate/journal`. */
  readonly recordMaxBytes?: number | undefined;
}

/**
 * A Journal in the memory of its process: a write is done when it returns, and gone with the process. Two groups share nothing.
 *
 * A replica on it forgets its vote and its acknowledgements when it starts anew, so it must then be a new member: its old name
 * must not come back.
 */
export function createMemoryJournal(options: MemoryJournalOptions = {}): Journal {
  return new MemoryJournal(options);
}

const done = Promise.resolve();

class MemoryJournal implements Journal {
  readonly capabilities: JournalCapabilities;
  readonly #clock: Clock;
  readonly #groups = new Map<GroupId, JournalGroup>();
  #closed = false;

  constructor({ clock = systemClock, recordMaxBytes = 0xff_ffff }: MemoryJournalOptions) {
    if (!Number.isSafeInteger(recordMaxBytes) || recordMaxBytes < 1) {
      throw new RangeError(`Longest record must be an integer of at least 1: received ${recordMaxBytes}`);
    }
    this.#clock = clock;
    this.capabilities = { durability: 'memory', recordMaxBytes };
  }

  recover(group: GroupId): RecoveredLog {
    return this.#group(group).recovered();
  }

  write(write: JournalWrite): Promise<void> {
    try {
      this.#checkOpen();
      const { group: id, truncateFrom, entries, hardState } = write;
      const group = this.#group(id);
      checkJournalWrite(write, group.bounds, this.capabilities.recordMaxBytes);
      group.apply({ group: id, truncateFrom, entries: entries?.map(ownedLogEntry), hardState });
      return done;
    } catch (error) {
      return Promise.reject(error as Error);
    }
  }

  async read(
    id: GroupId,
    from: LogIndex,
    to: LogIndex,
    { signal, bytesMax = Number.POSITIVE_INFINITY }: WaitOptions & { readonly bytesMax?: number } = {},
  ): Promise<readonly LogEntry[]> {
    this.#checkOpen();
    const group = this.#group(id);
    checkJournalRange(from, to, group.bounds);
    return boundedWait(this.#clock, { signal }, 'not-applied', async () =>
      group.slice(from, to, bytesMax).map(ownedLogEntry),
    );
  }

  termAt(group: GroupId, index: LogIndex): Term | undefined {
    return this.#group(group).termAt(index);
  }

  async saveSnapshot(
    id: GroupId,
    metadata: SnapshotMetadata,
    chunks: AsyncIterable<Uint8Array>,
    options: WaitOptions = {},
  ): Promise<void> {
    this.#checkOpen();
    const snapshot: StoredSnapshot = {
      metadata: { ...metadata, membership: new Uint8Array(metadata.membership) },
      chunks: await boundedWait(this.#clock, options, 'not-applied', signal => ownedChunks(chunks, signal)),
    };
    // Other calls came meanwhile.
    this.#checkOpen();
    const group = this.#group(id);
    checkJournalSnapshot(metadata, group.bounds);
    group.apply({ group: id, snapshot });
  }

  openSnapshot(
    group: GroupId,
  ): { readonly metadata: SnapshotMetadata; readonly chunks: AsyncIterable<Uint8Array> } | undefined {
    const { snapshot } = this.#group(group);
    return snapshot === undefined
      ? undefined
      : { metadata: snapshot.metadata, chunks: chunksOf(snapshot.chunks) };
  }

  async compact(id: GroupId, upTo: LogIndex): Promise<void> {
    this.#checkOpen();
    checkJournalCompaction(upTo);
    const group = this.#group(id);
    group.apply({ group: id, compactUpTo: Math.min(upTo, group.bounds.snapshotIndex) });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#groups.clear();
  }

  #group(id: GroupId): JournalGroup {
    let group = this.#groups.get(id);
    if (group === undefined) {
      group = new JournalGroup();
      this.#groups.set(id, group);
    }
    return group;
  }

  #checkOpen(): void {
    if (!this.#closed) return;
    throw new QuorateError('CLOSED', 'The journal is closed', { outcome: 'not-applied' });
  }
}

async function* chunksOf(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield new Uint8Array(chunk);
}
