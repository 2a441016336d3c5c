import {
  type Clock,
  type GroupId,
  groupId,
  type Journal,
  type JournalCapabilities,
  type JournalWrite,
  linkSignal,
  type LogEntry,
  type LogIndex,
  type RecoveredLog,
  type SnapshotMetadata,
  type Term,
  type WaitOptions,
} from '@quorate/core';
import { checkRead } from './check-read.ts';
import { checkWrite } from './check-write.ts';
import { EntryReader } from './entry-reader.ts';
import { GroupState } from './group-state.ts';
import { storageFull } from './journal-error.ts';
import type { JournalLimits, ResolvedOptions } from './journal-options.ts';
import { Reclaim } from './reclaim.ts';
import type { Recovered } from './recover.ts';
import type { Segments } from './segments.ts';
import { Snapshots } from './snapshots.ts';
import { TailMemory } from './tail-memory.ts';
import { untilAborted } from './until-aborted.ts';
import { Writer } from './writer.ts';

const nothing: RecoveredLog = {
  hardState: undefined,
  snapshot: undefined,
  first: 1 as LogIndex,
  last: 0 as LogIndex,
};

/** The {@link Journal} in segments. What is read is always durable. */
export class SegmentedJournal implements Journal {
  readonly capabilities: JournalCapabilities;
  readonly #clock: Clock;
  readonly #limits: JournalLimits;
  readonly #lock: AsyncDisposable;
  readonly #segments: Segments;
  readonly #groups: Map<number, GroupState>;
  readonly #writer: Writer;
  readonly #reader: EntryReader;
  readonly #snapshots: Snapshots;
  readonly #reclaim: Reclaim;
  #closing: Promise<void> | undefined;

  constructor({ disk, clock, limits }: ResolvedOptions, recovered: Recovered, lock: AsyncDisposable) {
    const { segments, groups, end } = recovered;
    this.#clock = clock;
    this.#limits = limits;
    this.#lock = lock;
    this.#segments = segments;
    this.#groups = groups;
    const memory = new TailMemory(limits.cacheBytes);
    this.#writer = new Writer(segments, memory, limits, end);
    this.#reader = new EntryReader(segments.list, memory);
    this.#snapshots = new Snapshots(disk, this.#writer);
    this.#reclaim = new Reclaim(segments, this.#writer, groups);
    this.capabilities = {
      durability: disk.capabilities.durability,
      recordMaxBytes: limits.recordMaxBytes,
    };
  }

  /** Lets logs go on from their snapshots where the process ended in between. Called once, before anything else. */
  async settle(superseded: readonly GroupState[]): Promise<void> {
    for (const group of superseded) await this.#snapshots.supersede(group);
  }

  recover(group: GroupId): RecoveredLog {
    return this.#groups.get(group)?.recovered() ?? nothing;
  }

  write(write: JournalWrite): Promise<void> {
    const { over } = this.#writer;
    if (over !== undefined) return Promise.reject(over);
    try {
      const group = this.#groupOf(write.group);
      if (this.#snapshots.takesBack(group)) return Promise.reject(storageFull('the write'));
      const byteCount = checkWrite(write, group, this.#limits);
      const { truncateFrom, entries } = write;
      // What is kept until it is durable is the journal's own: callers may change theirs as soon as this returns.
      const hardState = write.hardState && { ...write.hardState };
      return this.#writer.write({ group, truncateFrom, entries, hardState }, byteCount);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async read(
    group: GroupId,
    from: LogIndex,
    to: LogIndex,
    options: WaitOptions & { readonly bytesMax?: number } = {},
  ): Promise<readonly LogEntry[]> {
    if (this.#writer.over !== undefined) throw this.#writer.over;
    const state = this.#groups.get(group);
    const bytesMax = options.bytesMax ?? Number.POSITIVE_INFINITY;
    checkRead(group, state?.recovered() ?? nothing, from, to, bytesMax);
    if (state === undefined || from === to) return [];
    if (options.signal === undefined && options.deadlineMs === undefined) {
      return this.#reader.read(state, from, to, bytesMax, undefined);
    }
    using wait = linkSignal(this.#clock, { ...options, outcome: 'not-applied' });
    wait.throwIfAborted();
    return await untilAborted(this.#reader.read(state, from, to, bytesMax, wait), wait.signal);
  }

  termAt(group: GroupId, index: LogIndex): Term | undefined {
    return this.#groups.get(group)?.termAt(index);
  }

  async saveSnapshot(
    group: GroupId,
    metadata: SnapshotMetadata,
    chunks: AsyncIterable<Uint8Array>,
    options: WaitOptions = {},
  ): Promise<void> {
    using wait = linkSignal(this.#clock, options);
    await this.#snapshots.save(this.#groupOf(group), metadata, chunks, wait);
  }

  openSnapshot(
    group: GroupId,
  ): { readonly metadata: SnapshotMetadata; readonly chunks: AsyncIterable<Uint8Array> } | undefined {
    const snapshot = this.#groups.get(group)?.snapshot;
    return snapshot && { metadata: snapshot.metadata, chunks: snapshot.open() };
  }

  async compact(group: GroupId, upTo: LogIndex): Promise<void> {
    if (this.#writer.over !== undefined) throw this.#writer.over;
    if (!Number.isSafeInteger(upTo) || upTo < 0) {
      throw new RangeError(`Index must be an integer from 0 to 2^53 - 1: received ${String(upTo)}`);
    }
    const state = this.#groups.get(group);
    if (state !== undefined) await this.#moveBase(state, upTo);
    // Without a snapshot, too: what was written over, hard states above all, takes room that nobody needs.
    await this.#reclaim.run();
  }

  /** Drops entries up to `upTo`, as far as a snapshot stands for them. */
  async #moveBase(group: GroupState, upTo: number): Promise<void> {
    const snapshot = group.snapshot?.metadata;
    if (snapshot === undefined) return;
    const index = Math.min(upTo, snapshot.index, group.last);
    if (index > group.acceptedBase.index) {
      const term = group.termAt(index) ?? snapshot.term;
      await this.#writer.submit({ group, base: { index, term } });
    } else if (index > group.base.index) {
      // Another call's base is on its way, which is durable once this is.
      await this.#writer.submit({ group });
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#reclaim.close();
    await this.#snapshots.close();
    // One more batch says that the last one was durable, so that rot in it is not taken for a torn tail.
    const [group] = this.#groups.values();
    const last = group === undefined ? undefined : this.#writer.submit({ group }).catch(() => undefined);
    const idle = this.#writer.close();
    await last;
    await idle;
    try {
      await this.#segments.close();
    } finally {
      await this.#lock[Symbol.asyncDispose]();
    }
  }

  #groupOf(id: GroupId): GroupState {
    let group = this.#groups.get(id);
    if (group !== undefined) return group;
    groupId(id);
    if (this.#groups.size >= this.#limits.groupsMax) {
      throw new RangeError(
        `Groups of a journal must be at most ${this.#limits.groupsMax}: received one more`,
      );
    }
    group = new GroupState(id, this.#segments.list);
    this.#groups.set(id, group);
    return group;
  }
}
