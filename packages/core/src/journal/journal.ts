import type { GroupId, LogIndex, NodeId, Term } from '../ids.ts';
import type { WaitOptions } from '../link-signal.ts';

/**
 * The Journal seam: what a replicated log needs of a disk.
 *
 * @experimental until two engines pass its conformance suite
 * @module
 */

/** What an implementation keeps when the process or the power ends. */
export interface JournalCapabilities {
  readonly durability: 'memory' | 'os' | 'fsync';
  readonly recordMaxBytes: number;
}

/** One entry of a replicated log. */
export interface LogEntry {
  readonly index: LogIndex;
  readonly term: Term;
  /** What the payload is, for the replication layer. */
  readonly kind: number;
  readonly payload: Uint8Array;
}

/** What a replica must not forget beside its entries (Ongaro 2014, figure 3.1). */
export interface HardState {
  readonly term: Term;
  readonly votedFor: NodeId | undefined;
  /** May lag behind: it is recomputed from the leader. */
  readonly committed: LogIndex;
}

/** What a snapshot stands for. */
export interface SnapshotMetadata {
  readonly index: LogIndex;
  readonly term: Term;
  /** The membership at that index, encoded by the replication layer. */
  readonly membership: Uint8Array;
}

/** One write: made durable whole or not at all. */
export interface JournalWrite {
  readonly group: GroupId;
  /** Drops every entry from this index on, before appending. */
  readonly truncateFrom?: LogIndex;
  /** Consecutive, joining what is there. */
  readonly entries?: readonly LogEntry[];
  readonly hardState?: HardState;
}

/** What a group finds again after a restart. */
export interface RecoveredLog {
  readonly hardState: HardState | undefined;
  readonly snapshot: SnapshotMetadata | undefined;
  /** The first and last entry that are held; `last` is `first - 1` when there is none. */
  readonly first: LogIndex;
  readonly last: LogIndex;
}

/**
 * A log on disk for the replicas of one process; one sync serves all its groups.
 *
 * One sync is in flight at a time, and everything written meanwhile joins the next. A sync that fails ends the journal for
 * good (`JOURNAL_FAILED`): what the kernel then holds of the file is unknown. A full disk is `STORAGE_FULL`, not applied,
 * and over once there is room. Damage that is not a torn tail is refused at opening with `JOURNAL_CORRUPT`, which says where.
 *
 * @experimental until two engines pass its conformance suite
 */
export interface Journal extends AsyncDisposable {
  readonly capabilities: JournalCapabilities;

  /** What is held of a group. */
  recover(group: GroupId): RecoveredLog;

  /** Resolves when the write is durable. Writes become durable in the order of the calls. */
  write(write: JournalWrite): Promise<void>;

  /** Entries from `from` up to but excluding `to`, cut off after `bytesMax` but never before the first. */
  read(
    group: GroupId,
    from: LogIndex,
    to: LogIndex,
    options?: WaitOptions & { readonly bytesMax?: number },
  ): Promise<readonly LogEntry[]>;

  /** The term of an entry that is held or of the snapshot; `undefined` for any other index. */
  termAt(group: GroupId, index: LogIndex): Term | undefined;

  /** Stores a snapshot; it stands for every entry up to its index once this has resolved. */
  saveSnapshot(
    group: GroupId,
    metadata: SnapshotMetadata,
    chunks: AsyncIterable<Uint8Array>,
    options?: WaitOptions,
  ): Promise<void>;

  /** The newest snapshot, chunk by chunk; it stays readable until the iteration ends, whatever is compacted meanwhile. */
  openSnapshot(
    group: GroupId,
  ): { readonly metadata: SnapshotMetadata; readonly chunks: AsyncIterable<Uint8Array> } | undefined;

  /** Gives back the room of entries up to `upTo`, as far as a snapshot stands for them. */
  compact(group: GroupId, upTo: LogIndex): Promise<void>;
}
