/**
 * Raft as a pure core, for hosts of one's own: messages and ticks go in, effects come out. No promises, no clock, no I/O.
 *
 * @packageDocumentation
 */
export type {
  CatchUpTurn,
  CommittedRange,
  Effects,
  EntryFetch,
  LogRange,
  RaftWrite,
  ReadAt,
  RoleChange,
  WriteToken,
} from './raft/effects.ts';
export { entryKind, type Proposal } from './raft/entry-kind.ts';
export {
  emptyMembership,
  type MemberChange,
  type Membership,
  type MembershipChange,
} from './raft/membership.ts';
export {
  decodeMembership,
  decodeMembershipChange,
  encodeMembership,
  encodeMembershipChange,
} from './raft/membership-codec.ts';
export type {
  Accepted,
  MembershipOutcome,
  MembershipRefusal,
  ProposalOutcome,
  ProposalRefusal,
  Refusal,
  TransferOutcome,
} from './raft/proposal-outcome.ts';
export { Raft } from './raft/raft.ts';
export type * from './raft/raft-message.ts';
export type { RaftOptions } from './raft/raft-options.ts';
export type { ProgressState, ProgressStatus, RaftRole, RaftStatus } from './raft/raft-status.ts';
export type { RestoredState, StoredLog } from './raft/stored-log.ts';
export { tlaTraceLine } from './raft/tla-trace.ts';
export type { TraceEvent, TraceStep } from './raft/trace-event.ts';
