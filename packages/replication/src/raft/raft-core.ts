import type { LogEntry, LogIndex, NodeId, SnapshotMetadata, Term } from '@quorate/core';
import type { Effects, WriteToken } from './effects.ts';
import type { Proposal } from './entry-kind.ts';
import type { Membership, MembershipChange } from './membership.ts';
import type { MembershipOutcome, ProposalOutcome, TransferOutcome } from './proposal-outcome.ts';
import type { RaftMessage } from './raft-message.ts';
import type { RaftStatus } from './raft-status.ts';

/** The face of the core towards its host, while the class `Raft` is being written: `new Raft(options, restored)`. */
export interface RaftCore {
  tick(): void;
  step(message: RaftMessage): void;
  campaign(): void;
  propose(proposals: readonly Proposal[]): ProposalOutcome;
  changeMembership(change: MembershipChange): MembershipOutcome;
  applyMembership(index: LogIndex, payload: Uint8Array): Membership;
  applied(index: LogIndex): void;
  transferLeadership(to: NodeId): TransferOutcome;
  forgetLeader(): void;
  readIndex(id: number): void;
  paused(): void;
  durable(token: WriteToken): void;
  entriesRead(peer: NodeId, from: LogIndex, entries: readonly LogEntry[] | undefined): void;
  snapshotSent(peer: NodeId, ok: boolean): void;
  reportUnreachable(peer: NodeId): void;
  wantsSnapshot(metadata: SnapshotMetadata): boolean;
  stepDown(): void;
  takeEffects(): Effects | undefined;
  status(): RaftStatus;
  termAt(index: LogIndex): Term | undefined;
}
