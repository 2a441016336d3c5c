import type { Brand, HardState, LogEntry, LogIndex, NodeId, SnapshotMetadata, Term } from '@quorate/core';
import type { RaftMessage } from './raft-message.ts';
import type { RaftRole } from './raft-status.ts';

/**
 * Names one write, in the order in which they were asked for. It stands for that write and no other, so an answer that comes
 * late, after the same indexes have been cut off and written again, makes nothing durable that is not (the ABA problem).
 */
export type WriteToken = Brand<number, 'WriteToken'>;

/** A range of the log, both ends included. */
export interface LogRange {
  readonly from: LogIndex;
  readonly to: LogIndex;
}

/**
 * What has to be stored, in one write and after all earlier ones. Report it with `durable(token)`; until then the core holds
 * back the votes, requests for votes and acknowledgements that rest on it, its own among them, and `durable` releases them into the next effects.
 */
export interface RaftWrite {
  readonly token: WriteToken;
  /**
   * Install this snapshot first: replace the machine's state and the whole log by it. The host holds its chunks already,
   * for it stepped the message only when they were there. Durable means that both are. Ranges up to its index that were handed out
   * earlier and are not applied yet are part of it, and to be forgotten.
   */
  readonly snapshot: SnapshotMetadata | undefined;
  /** Drop every entry from here on before appending; `undefined` when nothing is overwritten. */
  readonly truncateFrom: LogIndex | undefined;
  readonly entries: readonly LogEntry[];
  readonly hardState: HardState | undefined;
  /** Whether it must be on disk before it is reported. If not, it may be reported as soon as it is taken on. */
  readonly sync: boolean;
  /** What `durable(token)` will let go, for whoever watches until then. Not to be sent from here. */
  readonly releases: readonly RaftMessage[];
}

/** Entries to apply. Apply them in order, then report with `applied(to)`. */
export interface CommittedRange extends LogRange {
  /** The entries themselves, or `undefined` where they are to be read from the journal. */
  readonly entries: readonly LogEntry[] | undefined;
}

/**
 * Entries for a follower that are no longer in memory. To be answered with `entriesRead`: until then nothing else is sent
 * there. The answer is `undefined` where they are gone, and `[]` where they cannot be read now.
 */
export interface EntryFetch extends LogRange {
  readonly peer: NodeId;
  readonly bytesMax: number;
}

/**
 * A follower that is far behind, and without which a majority is in step, could be sent more: to be answered with `catchUp`, at
 * once or later, so that who writes meanwhile need not wait for it. It is sent more without an answer where it is needed.
 */
export interface CatchUpTurn {
  readonly peer: NodeId;
  /** The last entry of the log. */
  readonly last: LogIndex;
  /** What the answers since the last call of this brought it: so many entries, with so many bytes of payload. */
  readonly sentCount: number;
  readonly sentBytes: number;
}

/** A read's index: once it is applied here, the state is at least as new as when the read was asked for. */
export interface ReadAt {
  readonly id: number;
  readonly index: LogIndex;
}

/** A change of role, term or known leader. */
export interface RoleChange {
  readonly role: RaftRole;
  readonly term: Term;
  readonly leader: NodeId | undefined;
}

/**
 * What is to be done since the last call. Messages may leave at once, before the write: a leader's appends travel while its
 * own disk still works (Ongaro 2014, §10.2.1), and what must not has been held back by the core.
 */
export interface Effects {
  readonly write: RaftWrite | undefined;
  readonly messages: readonly RaftMessage[];
  readonly committed: CommittedRange | undefined;
  readonly reads: readonly ReadAt[];
  /** Reads that this replica can no longer answer: no leader, or another one. Ask again. */
  readonly readsFailed: readonly number[];
  readonly fetches: readonly EntryFetch[];
  readonly turns: readonly CatchUpTurn[];
  /** A follower needs a snapshot and there is none that reaches the log: take one, then call `snapshotTaken`. */
  readonly snapshotWanted: boolean;
  readonly roleChange: RoleChange | undefined;
}
