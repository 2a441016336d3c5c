import type { HardState, LogEntry, LogIndex, SnapshotMetadata, Term } from '@quorate/core';
import type { Membership } from './membership.ts';

/**
 * The core's view of what is on disk, answered at once: a `Journal`'s `recover` and `termAt` do. The core asks only about
 * indexes that it has been told are durable.
 */
export interface StoredLog {
  /** The first entry that is held; entries before it are gone. */
  first(): LogIndex;
  /** The newest snapshot that can be sent. */
  snapshot(): SnapshotMetadata | undefined;
  /** The term of an entry that is held or of the snapshot; `undefined` for any other. */
  termAt(index: LogIndex): Term | undefined;
  /**
   * Entries that can be had without waiting, from `from` up to and including `to`, cut off after `bytesMax` but never before
   * the first. A log on disk leaves this out, and the core asks by `Effects.fetches`.
   */
  entries?(from: LogIndex, to: LogIndex, bytesMax: number): readonly LogEntry[] | undefined;
}

/** What a replica finds when it starts. Everything in it is durable. */
export interface RestoredState {
  readonly hardState: HardState | undefined;
  /** The last entry that is held, or the snapshot's index when none is held after it. */
  readonly last: LogIndex;
  /** How far the state machine has applied. At least the snapshot's index. */
  readonly applied: LogIndex;
  /** Who takes part as of `applied`. */
  readonly membership: Membership;
}
