import type { GroupId, LogIndex, NodeId, Term, WaitOptions } from '@quorate/core';
import type { Membership } from '../raft/membership.ts';
import type { ProgressStatus, RaftRole } from '../raft/raft-status.ts';
import type { ClientSession } from '../sessions/client-session.ts';
import type { EarlyRange, ReplicaEventListener } from './replica-event.ts';
import type { ReadOptions, WriteOptions, WriteReceipt } from './write-options.ts';

/** Who is to take part in what way from now on. Who is not named stays as it is. */
export interface Reconfiguration {
  /** Members that vote: new ones, or learners that are promoted. */
  readonly voters?: readonly NodeId[] | undefined;
  /** Members that receive the log and do not vote: new ones, or voters that are demoted. */
  readonly learners?: readonly NodeId[] | undefined;
  /** Members that take no part any more, voters or learners. One that is none already is no error. */
  readonly remove?: readonly NodeId[] | undefined;
}

/** How a change of membership is done. */
export interface ReconfigureOptions extends WaitOptions {
  /**
   * `auto`: at once where one member changes, else through a joint configuration that is left by itself. `joint`: always so.
   * `explicit`: the joint configuration stays until `reconfigure({})` leaves it. Default `auto`.
   */
  readonly transition?: 'auto' | 'joint' | 'explicit' | undefined;
}

/** What a change of membership came to. */
export interface Reconfigured {
  readonly index: LogIndex;
  readonly term: Term;
  readonly membership: Membership;
}

/** A snapshot on its way to a follower. */
export interface TransferStatus {
  readonly peer: NodeId;
  readonly index: LogIndex;
  /** How much of it the follower has taken, or took of the one that failed. */
  readonly bytesAcknowledged: number;
  /** How many have failed in a row, each of which came no further than one before: the follower's disk is full, most likely. */
  readonly failedCount: number;
  /** When it is tried again; `undefined` while one is under way. */
  readonly retryInMs: number | undefined;
}

/** A replica's state, as a copy. */
export interface ReplicaStatus {
  readonly id: NodeId;
  readonly group: GroupId;
  readonly state: 'running' | 'failed' | 'closed';
  readonly role: RaftRole;
  readonly term: Term;
  readonly leader: NodeId | undefined;
  readonly membership: Membership;
  readonly committed: LogIndex;
  readonly applied: LogIndex;
  /** The last entry that is durable here, and the last one at all. */
  readonly durable: LogIndex;
  readonly last: LogIndex;
  /** The first entry that is still held. */
  readonly first: LogIndex;
  readonly snapshotIndex: LogIndex;
  /** What the leader knows of each member; empty elsewhere. */
  readonly members: readonly ProgressStatus[];
  readonly leaseHeld: boolean;
  /** Writes that this replica acknowledged early, and that are not known to be committed or lost. */
  readonly early: readonly EarlyRange[];
  /** `unknown`: there are such of a term in which this replica does not lead any more, so a failover may have dropped them. */
  readonly loss: 'none' | 'unknown';
  readonly storage: 'room' | 'full';
  /** The disk or the event loop stalled lately, so that this replica does not campaign. */
  readonly stalled: boolean;
  readonly sessionCount: number;
  readonly pendingWrites: number;
  readonly transfers: readonly TransferStatus[];
  /** Messages that were dropped: no messages of this version and group, or none that a correct replica sends. */
  readonly droppedMessages: number;
}

/** How a session is opened. */
export interface SessionOptions extends WaitOptions {
  /** How long the session outlives the last entry that named it. Default 5 minutes, from 1 s to 30 days. */
  readonly ttlMs?: number | undefined;
}

/**
 * One member of a replicated log.
 *
 * Whatever changes the state goes to the leader; elsewhere it is refused as `NOT_LEADER`. Every error is a `QuorateError` that
 * says whether the operation happened: `not-applied` is certain, `unknown` is settled by the same operation of a session.
 */
export interface Replica extends AsyncDisposable {
  readonly id: NodeId;
  readonly group: GroupId;

  /**
   * Appends a command, of which it keeps a copy, and settles when it is acknowledged as asked for. Writes of one turn of the
   * event loop share one write to the journal and one message to each follower.
   *
   * @throws TypeError, RangeError for a command that is too long or none, and for options that cannot be
   * @throws QuorateError `NOT_LEADER`, `TRANSFERRING`, `OVERLOADED`, `STORAGE_FULL` (not applied, try again);
   *   `SUPERSEDED` (not applied); `LEADERSHIP_LOST`, `SEMI_SYNC_TIMEOUT`, `DEADLINE_EXCEEDED`, `ABORTED` (unknown);
   *   `SESSION_EXPIRED`, `SEQUENCE_GAP`, `REPLY_LOST`; `JOURNAL_FAILED`, `MACHINE_FAILED`,
   *   `REPLICA_FAILED`, `CLOSED`
   */
  write(command: Uint8Array, options?: WriteOptions): Promise<WriteReceipt>;

  /**
   * Answers a query from the state machine. Reads that wait at the same time share one round of messages, however many they
   * are; `local` ones without a bound, and `lease` ones under a lease, need none.
   *
   * @throws TypeError, RangeError for a query that is none, and for options that cannot be
   * @throws QuorateError `NOT_LEADER`, `NO_LEADER`, `DEADLINE_EXCEEDED`, `ABORTED`, `MACHINE_FAILED`, `CLOSED`; all of them
   *   not applied
   */
  read(query: Uint8Array, options?: ReadOptions): Promise<Uint8Array>;

  /**
   * Opens a session, so that writes can be retried. Only at the leader.
   *
   * @throws RangeError for a `ttlMs` that is out of its bounds; QuorateError what {@link write} throws, and `OVERLOADED`
   *   where `sessionsMax` are open
   */
  openSession(options?: SessionOptions): Promise<ClientSession>;
  /**
   * Ends a session; what it remembers is forgotten. One that is over already is none to end.
   *
   * @throws QuorateError what {@link write} throws
   */
  closeSession(id: number, options?: WaitOptions): Promise<void>;
  /** Lets a session live on. @throws QuorateError `SESSION_EXPIRED`, and what {@link write} throws */
  keepSession(id: number, options?: WaitOptions): Promise<void>;

  /**
   * Changes who takes part; settles when the new membership is in force. Add a voter as a learner first, and promote it once
   * it has caught up: until then it can hold up the group. No changes leave a joint configuration.
   *
   * @throws TypeError, RangeError for ids that are none or named twice, and for what is no transition
   * @throws QuorateError `MEMBERSHIP_REFUSED` (not applied), and what {@link write} throws
   */
  reconfigure(change: Reconfiguration, options?: ReconfigureOptions): Promise<Reconfigured>;

  /**
   * Hands leadership over to `to`, or to the voter that is furthest on, and settles when this replica knows another leader.
   *
   * @throws QuorateError `TRANSFER_FAILED` (retryable): there is nobody to hand over to (not applied); it still leads, or no
   *   other leader is known (unknown). `NOT_LEADER` (not applied); `DEADLINE_EXCEEDED`, `ABORTED`, `CLOSED`
   */
  transferLeadership(to?: NodeId, options?: WaitOptions): Promise<NodeId>;

  /**
   * The leader as this replica knows it, once it knows one. It may be another by the time that anybody asks it.
   *
   * @throws QuorateError `DEADLINE_EXCEEDED`, `ABORTED`, `CLOSED`
   */
  waitForLeader(options?: WaitOptions): Promise<NodeId>;

  /**
   * Takes a snapshot now and gives back what of the log it stands for, but for `trailingBytes`. It takes as long as the state
   * is to be written, and is not to be given up.
   *
   * @returns the index that the newest snapshot stands for: an older one while another is installed, or while the log is
   *   applied again after a start
   * @throws QuorateError `MACHINE_FAILED`, `CLOSED`, and what the journal throws, `STORAGE_FULL` among it
   */
  snapshot(): Promise<LogIndex>;

  /** The state at this moment. A copy, in time that grows with the number of members. */
  status(): ReplicaStatus;

  /**
   * Tells of what happens, at once and in order, until the result is disposed. A listener may call the replica; what it throws
   * is thrown on its own and keeps nobody else from hearing.
   *
   * @throws TypeError for what is no function
   */
  subscribe(listener: ReplicaEventListener): Disposable;
}
