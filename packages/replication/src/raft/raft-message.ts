import type { LogEntry, LogIndex, NodeId, SnapshotMetadata, Term } from '@quorate/core';

/** What every message carries. `term` is the sender's term, save in a pre-vote, which asks about the term it would have. */
interface Addressed {
  readonly from: NodeId;
  readonly to: NodeId;
  readonly term: Term;
}

/** Entries that follow the one at `index` with term `logTerm`, and how far the leader has committed (Ongaro 2014, §3.5). */
export interface AppendMessage extends Addressed {
  readonly type: 'append';
  /** The entry before the first of `entries`. */
  readonly index: LogIndex;
  readonly logTerm: Term;
  readonly commit: LogIndex;
  /** Consecutive from `index + 1`. Empty in a probe and where only the commit index is news. */
  readonly entries: readonly LogEntry[];
}

/**
 * What became of an append or a snapshot. Accepted: everything up to `index` is durable at the sender and matches. Rejected:
 * the entry before (`index`) did not match, and the logs can at best match up to `hint`, where the sender has `hintTerm`.
 */
export interface AppendReply extends Addressed {
  readonly type: 'append-reply';
  readonly index: LogIndex;
  readonly rejected: boolean;
  readonly hint: LogIndex;
  readonly hintTerm: Term;
}

/** The leader lives. `round` counts its rounds of heartbeats in this term: reads and the lease are confirmed by it. */
export interface HeartbeatMessage extends Addressed {
  readonly type: 'heartbeat';
  /** Never above what the receiver is known to hold. */
  readonly commit: LogIndex;
  readonly round: number;
}

/** Answers a heartbeat with its round. */
export interface HeartbeatReply extends Addressed {
  readonly type: 'heartbeat-reply';
  readonly round: number;
}

/** Asks for a vote (Ongaro 2014, §3.4); as a pre-vote, whether one would be given (§9.6). */
export interface VoteMessage extends Addressed {
  readonly type: 'vote' | 'pre-vote';
  /** The candidate's last entry. */
  readonly index: LogIndex;
  readonly logTerm: Term;
  /** The leader itself asked for this election, so its lease does not stand against it (Ongaro 2014, §3.10). */
  readonly transfer: boolean;
}

/**
 * Gives or refuses a vote. A pre-vote is given in the term that was asked about.
 *
 * It tells what the voter knows to be committed, too: a candidate whose membership is out of date may need the vote of one
 * that was removed from it and has the longer log, and would be refused for ever (raft-rs does the same).
 */
export interface VoteReply extends Addressed {
  readonly type: 'vote-reply' | 'pre-vote-reply';
  readonly rejected: boolean;
  /** The last entry that is known to be committed, and its term. */
  readonly commit: LogIndex;
  readonly commitTerm: Term;
}

/**
 * A snapshot in place of entries that are gone. The leader's core emits it with the metadata; the host sends the chunks
 * along, and the follower's host steps it once it holds all of them. The leader's host has to report with `snapshotSent` what
 * became of it: until then, or until the follower acknowledges, nothing else is sent there.
 */
export interface SnapshotMessage extends Addressed {
  readonly type: 'snapshot';
  readonly snapshot: SnapshotMetadata;
}

/** The leader asks its successor to campaign at once (Ongaro 2014, §3.10). */
export interface TimeoutNowMessage extends Addressed {
  readonly type: 'timeout-now';
}

/** A follower asks for an index at which it may answer reads; `request` is its own counter (Ongaro 2014, §6.4). */
export interface ReadIndexMessage extends Addressed {
  readonly type: 'read-index';
  readonly request: number;
}

/** The index for a follower's reads. */
export interface ReadIndexReply extends Addressed {
  readonly type: 'read-index-reply';
  readonly request: number;
  readonly index: LogIndex;
}

/** Whatever one replica's core tells another's. */
export type RaftMessage =
  | AppendMessage
  | AppendReply
  | HeartbeatMessage
  | HeartbeatReply
  | VoteMessage
  | VoteReply
  | SnapshotMessage
  | TimeoutNowMessage
  | ReadIndexMessage
  | ReadIndexReply;
