import { invariant, type LogIndex, type SnapshotMetadata } from '@quorate/core';
import { changedMembership } from './change-membership.ts';
import { afterMembershipSwitch } from './leading.ts';
import { decodeMembership, decodeMembershipChange } from './membership-codec.ts';
import type { Membership } from './membership.ts';
import { Peers } from './peers.ts';
import type { RaftState } from './raft-state.ts';
import { sendHeartbeats } from './replicating.ts';

/** Takes up a membership: restored from a snapshot (`afresh`), or changed by a committed entry. */
export function switchMembership(state: RaftState, membership: Membership, afresh: boolean): void {
  const before = afresh ? undefined : state.peers;
  state.peers = Peers.of(membership, state.id, state.log.last, state.limits, before);
  state.trace('ApplyConfChange');
  if (state.role !== 'leader') return;
  if (state.peers.isVoter(state.id)) afterMembershipSwitch(state);
  else leave(state);
}

/** A leader led a change through on behalf of others, and is no voter among them any more (Ongaro 2014, §4.2.2). */
function leave(state: RaftState): void {
  const { stepDownOnRemoval } = state.limits;
  if (stepDownOnRemoval === 'at-once') state.becomeFollower(state.term, undefined);
  if (stepDownOnRemoval !== 'once-known') return;
  state.leavingAt = state.log.committed;
  afterMembershipSwitch(state);
  sendHeartbeats(state);
}

/** A snapshot is installed: what it says about the membership is what counts, and no older change will be applied any more. */
export function takeInstalled(state: RaftState, snapshot: SnapshotMetadata): void {
  const membership = decodeMembership(snapshot.membership);
  invariant(membership !== undefined, `the membership of the snapshot at ${snapshot.index} can be read`);
  state.log.installed(snapshot);
  switchMembership(state, membership, true);
}

/**
 * Applies the entry of a membership change. A change that does not fit changes nothing: every replica comes to the same
 * from the same log, so this is a matter of the log alone.
 */
export function applyMembership(state: RaftState, index: LogIndex, payload: Uint8Array): Membership {
  invariant(
    index > state.log.applied && index <= state.log.committed,
    `membership entry ${index} is committed and not applied yet`,
  );
  const change = decodeMembershipChange(payload);
  invariant(change !== undefined, `the membership change at entry ${index} can be read`);
  const { membership } = changedMembership(state.peers.membership, change);
  if (membership !== undefined) switchMembership(state, membership, false);
  return state.peers.membership;
}
