import type { LogIndex, NodeId, Term } from '@quorate/core';

/** Where proposals went in the log. They are committed when an entry of this term at `last` or later is. */
export interface Accepted {
  readonly accepted: true;
  readonly first: LogIndex;
  readonly last: LogIndex;
  readonly term: Term;
}

/** Why nothing was appended, and whom to ask instead where that is known. */
export interface Refusal<Reason extends string> {
  readonly accepted: false;
  readonly refused: Reason;
  readonly leader: NodeId | undefined;
}

/**
 * - `not-leader`: ask `leader`.
 * - `transferring`: leadership is being handed over; ask again later.
 * - `full`: too many bytes wait to be committed; ask again later.
 */
export type ProposalRefusal = 'not-leader' | 'transferring' | 'full';

/**
 * - `too-early`: the leader has not committed an entry of its own term yet (Ongaro 2015, "bug in single-server membership
 *   changes").
 * - `pending`: another change is not applied yet.
 * - `joint`: the joint configuration has to be left first. `not-joint`: there is none to leave.
 * - `invalid`: it would leave no voter.
 */
export type MembershipRefusal = ProposalRefusal | 'too-early' | 'pending' | 'joint' | 'not-joint' | 'invalid';

/** What became of a proposal. */
export type ProposalOutcome = Accepted | Refusal<ProposalRefusal>;

/** What became of a change of membership. */
export type MembershipOutcome = Accepted | Refusal<MembershipRefusal>;

/** What became of a wish to hand leadership over. */
export type TransferOutcome = 'started' | 'under-way' | 'not-leader' | 'already-leader' | 'not-a-voter';
