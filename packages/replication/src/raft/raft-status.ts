import type { LogIndex, NodeId, Term } from '@quorate/core';
import type { Membership } from './membership.ts';

/** What a replica does in its term (Ongaro 2014, §3.3, and §9.6 for the pre-candidate). */
export type RaftRole = 'follower' | 'pre-candidate' | 'candidate' | 'leader';

/**
 * How a leader sends to one follower: `probe`, one append at a time until it is known where the logs meet; `replicate`, a
 * window of appends under way; `snapshot`, nothing until a snapshot has arrived.
 */
export type ProgressState = 'probe' | 'replicate' | 'snapshot';

/** What the leader knows of one member. */
export interface ProgressStatus {
  readonly id: NodeId;
  readonly state: ProgressState;
  /** The highest entry known to be durable there. */
  readonly match: LogIndex;
  /** The next entry to send. */
  readonly next: LogIndex;
  readonly learner: boolean;
  /** Whether nothing more is sent until an answer or a heartbeat. */
  readonly paused: boolean;
  readonly recentlyActive: boolean;
  /** Appends under way, and their payload bytes. */
  readonly inflight: number;
  readonly inflightBytes: number;
  readonly inflightFull: boolean;
  /** The snapshot under way, 0 when none is. */
  readonly pendingSnapshot: LogIndex;
}

/** A replica's state, as a copy. */
export interface RaftStatus {
  readonly id: NodeId;
  readonly role: RaftRole;
  readonly term: Term;
  readonly votedFor: NodeId | undefined;
  readonly leader: NodeId | undefined;
  readonly committed: LogIndex;
  readonly applied: LogIndex;
  readonly durable: LogIndex;
  readonly last: LogIndex;
  readonly lastTerm: Term;
  readonly membership: Membership;
  /** To whom leadership is being handed over. */
  readonly transferee: NodeId | undefined;
  /** Whether reads may be answered by the lease at this moment. */
  readonly leaseHeld: boolean;
  /** Messages that no correct peer would have sent, dropped since the start. */
  readonly droppedMessages: number;
  readonly lastDropReason: string | undefined;
  /** In sorted order; empty unless leader. */
  readonly progress: readonly ProgressStatus[];
}
