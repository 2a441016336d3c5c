import type { LogIndex, NodeId, Term } from '@quorate/core';
import type { Membership, MembershipChange } from './membership.ts';
import type { RaftMessage } from './raft-message.ts';
import type { RaftRole } from './raft-status.ts';

/** The steps that the TLA+ specification of etcd's Raft knows, by its names. */
export type TraceStep =
  | 'InitState'
  | 'BecomeCandidate'
  | 'BecomeFollower'
  | 'BecomeLeader'
  | 'Commit'
  | 'Replicate'
  | 'ChangeConf'
  | 'ApplyConfChange'
  | 'Ready'
  | 'Send'
  | 'Receive';

/** One step of one replica with the state it left behind. `message` is set for `Send` and `Receive`. */
export interface TraceEvent {
  readonly step: TraceStep;
  readonly node: NodeId;
  readonly term: Term;
  readonly votedFor: NodeId | undefined;
  readonly committed: LogIndex;
  readonly last: LogIndex;
  readonly role: RaftRole;
  readonly membership: Membership;
  readonly message?: RaftMessage;
  readonly change?: MembershipChange;
  /** The leader's knowledge of the receiver when an append was sent. */
  readonly match?: LogIndex;
  readonly next?: LogIndex;
}
