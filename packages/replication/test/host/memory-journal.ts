import {
  type GroupId,
  type HardState,
  type Journal,
  type JournalCapabilities,
  type JournalWrite,
  type LogEntry,
  type LogIndex,
  QuorateError,
  type RecoveredLog,
  type SnapshotMetadata,
  type Term,
} from '@quorate/core';

interface Waiting {
  readonly run: () => void;
  readonly entryCount: number;
  readonly resolve: () => void;
  readonly reject: (error: QuorateError) => void;
}

/** What outlives the process. */
export class JournalState {
  entries: LogEntry[] = [];
  first = 1;
  hardState: HardState | undefined;
  snapshot: { readonly metadata: SnapshotMetadata; readonly chunks: readonly Uint8Array[] } | undefined;

  get last(): number {
    return this.first + this.entries.length - 1;
  }
}

/** A journal of one group in memory, whose disk can be full, hang or fail as a test wants it. */
export class MemoryJournal implements Journal {
  readonly capabilities: JournalCapabilities = { durability: 'fsync', recordMaxBytes: 0x10_0000 };
  readonly state: JournalState;
  /** How many syncs there were, and writes. */
  syncCount = 0;
  writeCount = 0;
  isFull = false;
  /** How many chunks of snapshots are taken before the disk hangs for them. */
  chunksMax = Number.POSITIVE_INFINITY;
  #hangs = false;
  #failure: QuorateError | undefined;
  #queue: Waiting[] = [];
  #scheduled = false;
  #closed = false;

  constructor(state: JournalState = new JournalState()) {
    this.state = state;
  }

  /** Nothing becomes durable until {@link resume}. */
  hang(): void {
    this.#hangs = true;
  }

  resume(): void {
    this.#hangs = false;
    this.#schedule();
  }

  fail(): void {
    this.#failure = new QuorateError('JOURNAL_FAILED', 'A sync failed', { outcome: 'unknown' });
    for (const { reject } of this.#queue.splice(0)) reject(this.#failure);
  }

  /** What a crash leaves: a journal that has only what was durable. */
  crash(): MemoryJournal {
    // Nobody hears what became of what was under way.
    for (const { reject } of this.#queue.splice(0)) reject(new QuorateError('JOURNAL_CLOSED', 'It crashed'));
    this.#closed = true;
    return new MemoryJournal(this.state);
  }

  recover(_group?: GroupId): RecoveredLog {
    const { hardState, snapshot, first, last } = this.state;
    return {
      hardState,
      snapshot: snapshot?.metadata,
      first: first as LogIndex,
      last: last as LogIndex,
    };
  }

  write({ truncateFrom, entries = [], hardState }: JournalWrite): Promise<void> {
    this.writeCount++;
    const byteCount = entries.reduce((sum, { payload }) => sum + payload.length, 0);
    const bytesMax = this.capabilities.recordMaxBytes * 2;
    if (byteCount > bytesMax) {
      const message = `A write must take at most ${bytesMax} bytes: received ${byteCount}`;
      return Promise.reject(new RangeError(message));
    }
    const copies = entries.map(entry => ({ ...entry, payload: new Uint8Array(entry.payload) }));
    return this.#submit(copies.length, () => {
      const { state } = this;
      if (truncateFrom !== undefined) state.entries.length = Math.max(0, truncateFrom - state.first);
      for (const entry of copies) {
        if (entry.index !== state.last + 1)
          throw new Error(`Entry ${entry.index} does not follow ${state.last}`);
        state.entries.push(entry);
      }
      if (hardState !== undefined) state.hardState = { ...hardState };
    });
  }

  async read(
    _group: GroupId,
    from: LogIndex,
    to: LogIndex,
    { bytesMax = Number.POSITIVE_INFINITY }: { readonly bytesMax?: number } = {},
  ): Promise<readonly LogEntry[]> {
    const { first, last, entries } = this.state;
    if (from < first || to > last + 1) throw new RangeError(`Entries ${from} to ${to} must be held`);
    const read: LogEntry[] = [];
    let bytes = 0;
    for (const entry of entries.slice(from - first, to - first)) {
      bytes += entry.payload.length;
      if (read.length > 0 && bytes > bytesMax) break;
      read.push(entry);
    }
    return read;
  }

  termAt(_group: GroupId, index: LogIndex): Term | undefined {
    const { first, entries, snapshot } = this.state;
    return index === snapshot?.metadata.index ? snapshot.metadata.term : entries[index - first]?.term;
  }

  async saveSnapshot(
    _group: GroupId,
    metadata: SnapshotMetadata,
    chunks: AsyncIterable<Uint8Array>,
  ): Promise<void> {
    const copies: Uint8Array[] = [];
    for await (const chunk of chunks) {
      copies.push(new Uint8Array(chunk));
      while (copies.length > this.chunksMax) await new Promise<void>(resolve => void setImmediate(resolve));
    }
    await this.#submit(1, () => {
      const { state } = this;
      const held = state.entries[metadata.index - state.first];
      state.snapshot = { metadata, chunks: copies };
      if (held?.term === metadata.term || metadata.index < state.first) return;
      state.entries = [];
      state.first = metadata.index + 1;
    });
  }

  openSnapshot(
    _group?: GroupId,
  ): { readonly metadata: SnapshotMetadata; readonly chunks: AsyncIterable<Uint8Array> } | undefined {
    const { snapshot } = this.state;
    if (snapshot === undefined) return undefined;
    return {
      metadata: snapshot.metadata,
      chunks: (async function* () {
        for (const chunk of snapshot.chunks) yield new Uint8Array(chunk);
      })(),
    };
  }

  async compact(_group: GroupId, upTo: LogIndex): Promise<void> {
    await this.#submit(0, () => {
      const { state } = this;
      const index = Math.min(upTo, state.snapshot?.metadata.index ?? 0, state.last);
      if (index < state.first) return;
      state.entries.splice(0, index - state.first + 1);
      state.first = index + 1;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
  }

  #submit(entryCount: number, run: () => void): Promise<void> {
    if (this.#closed) return new Promise(() => {});
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#queue.push({ run, entryCount, resolve, reject });
      this.#schedule();
    });
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      if (!this.#hangs) this.#sync();
    });
  }

  #sync(): void {
    if (this.#queue.length > 0) this.syncCount++;
    let refused: QuorateError | undefined;
    for (const { run, entryCount, resolve, reject } of this.#queue.splice(0)) {
      if (this.isFull && entryCount > 0) {
        refused ??= new QuorateError('STORAGE_FULL', 'No room', { outcome: 'not-applied', retryable: true });
      }
      if (refused !== undefined) reject(refused);
      else {
        run();
        resolve();
      }
    }
  }
}
