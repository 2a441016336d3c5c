import {
  invariant,
  type LogEntry,
  type LogIndex,
  type NodeId,
  type SnapshotMetadata,
  type Term,
} from '@quorate/core';
import { takeTurn } from './catch-up-turns.ts';
import { changedMembership } from './change-membership.ts';
import { faultOf } from './check-message.ts';
import type { Effects, WriteToken } from './effects.ts';
import { startElection, takeOver } from './electing.ts';
import { entryKind, type Proposal } from './entry-kind.ts';
import { anyEffects, takeEffects, writesDurable } from './flushing.ts';
import { appendOwn, beat, takeSnapshotSent, tickLeader, transferTo } from './leading.ts';
import { encodeMembershipChange } from './membership-codec.ts';
import { isJoint, type Membership, type MembershipChange } from './membership.ts';
import type {
  Accepted,
  MembershipOutcome,
  MembershipRefusal,
  ProposalOutcome,
  ProposalRefusal,
  Refusal,
  TransferOutcome,
} from './proposal-outcome.ts';
import { isSpared } from './pacing.ts';
import { asIndex, asTerm } from './raft-log.ts';
import type { RaftMessage } from './raft-message.ts';
import type { RaftOptions } from './raft-options.ts';
import { RaftState } from './raft-state.ts';
import type { RaftStatus } from './raft-status.ts';
import { leaseHeld } from './reading.ts';
import { requestAppends, sendCommits, takeFetched } from './replicating.ts';
import { stepMessage } from './stepping.ts';
import type { RestoredState } from './stored-log.ts';
import { applyMembership } from './switching.ts';

/**
 * One replica's consensus (Ongaro 2014; the shape is that of etcd's `raft`): a synchronous core without clock, disk or
 * network. Messages, ticks and answers of the disk go in; {@link takeEffects} says what to do.
 *
 * The host's loop is: call what happened, then `takeEffects` until it gives `undefined`; send its messages at once, start its
 * write, apply what is committed. Nothing needs to be waited for: votes and acknowledgements that rest on a write are held
 * back here until {@link durable} is called for it.
 *
 * A message that no correct peer sends is dropped and counted, never thrown. A broken promise of the core to itself, or of the
 * host to the core, throws `InvariantError`: the replica must not go on.
 */
export class Raft {
  readonly #state: RaftState;

  /** @throws RangeError, TypeError when an option is out of its bounds or the restored state contradicts itself */
  constructor(options: RaftOptions, restored: RestoredState) {
    this.#state = new RaftState(options, restored);
  }

  get id(): NodeId {
    return this.#state.id;
  }

  get isLeader(): boolean {
    return this.#state.role === 'leader';
  }

  /** Whether the lease may answer for a majority now. */
  get leaseHeld(): boolean {
    return leaseHeld(this.#state) && this.#state.committedInTerm;
  }

  get committed(): LogIndex {
    return asIndex(this.#state.log.committed);
  }

  get last(): LogIndex {
    return asIndex(this.#state.log.last);
  }

  /** Lets one tick of time pass. Returns whether that may have left something to do. */
  tick(): boolean {
    const state = this.#state;
    state.now++;
    if (state.role === 'leader') {
      tickLeader(state);
      this.#leaveJoint();
      return true;
    }
    state.reads.expire(state.now - state.limits.electionTicks);
    state.electionElapsed++;
    if (!state.electionDue || !state.promotable) return state.reads.failed.length > 0;
    state.electionElapsed = 0;
    // Draws anew even where no election starts, so that two replicas in step do not stay so.
    state.drawElectionTimeout();
    // Who may not stand itself does not stand in the way of others for the sake of a leader that is silent.
    if (!startElection(state, state.limits.preVote ? 'pre-vote' : 'vote')) state.leader = undefined;
    return true;
  }

  /** Sends a round of heartbeats now, if leader. */
  beat(): void {
    if (this.#state.role === 'leader') beat(this.#state);
  }

  /** Takes a message from a peer. One that cannot be is dropped and counted in the status. */
  step(message: RaftMessage): void {
    const fault = faultOf(this.#state, message);
    if (fault === undefined) stepMessage(this.#state, message);
    else this.#state.drop(fault);
  }

  /**
   * Starts an election now rather than at the timeout. Does nothing for who leads already, may not, or may miss a change of
   * membership; nor, with lease reads, while a leader lives whose lease it would break.
   */
  campaign(): boolean {
    const state = this.#state;
    if (state.limits.leaseReads && state.inLease) return false;
    return startElection(state, state.limits.preVote ? 'pre-vote' : 'vote');
  }

  /**
   * Sets the election timeout in ticks until the next is drawn, at the next change of role or term: for tests, and for hosts
   * that want one candidate before another. With lease reads it is never shorter than the promise to a leader.
   */
  setElectionTimeout(ticks: number): void {
    const { leaseReads, electionTicks } = this.#state.limits;
    this.#state.electionTimeout = leaseReads ? Math.max(ticks, electionTicks) : ticks;
  }

  /**
   * Appends to the log, if leader. The payloads belong to the log from here on.
   *
   * @throws RangeError without a proposal, or for one of kind `entryKind.membership`
   */
  propose(proposals: readonly Proposal[]): ProposalOutcome {
    const state = this.#state;
    if (proposals.length === 0) throw new RangeError('Proposals must be at least one: received none');
    const refused = this.#refusal();
    if (refused !== undefined) return refusal(refused, state.leaderHint);
    let bytes = 0;
    for (let at = 0; at < proposals.length; at++) {
      const proposal = proposals[at];
      if (proposal === undefined) continue;
      if (proposal.kind === entryKind.membership) {
        throw new RangeError(
          'Kind of a proposal must not be membership: changes go through changeMembership',
        );
      }
      bytes += proposal.payload.length;
    }
    const waiting = state.uncommittedBytes;
    // A single proposal always fits an empty log, or it would never fit.
    if (waiting > 0 && bytes > 0 && waiting + bytes > state.limits.uncommittedBytesMax) {
      return refusal('full', state.leader);
    }
    state.uncommittedBytes += bytes;
    return this.#append(proposals);
  }

  /**
   * Appends a change of membership, if leader. It takes effect where it is applied, and one at a time (Ongaro 2014, §4.1
   * and §4.3).
   */
  changeMembership(change: MembershipChange): MembershipOutcome {
    const state = this.#state;
    const refused = this.#refusal() ?? this.#membershipRefusal(change);
    if (refused !== undefined) return refusal(refused, state.leaderHint);
    state.pendingMembershipIndex = state.log.last + 1;
    if (change.changes.length > 0) state.trace('ChangeConf', undefined, change);
    return this.#append([{ kind: entryKind.membership, payload: encodeMembershipChange(change) }]);
  }

  /**
   * The host applies a committed entry of kind `entryKind.membership`: call this in its turn, before {@link applied} for
   * it. Returns the membership from here on, which belongs into the next snapshot.
   */
  applyMembership(index: LogIndex, payload: Uint8Array): Membership {
    return applyMembership(this.#state, index, payload);
  }

  /** The host has applied everything up to `index`. */
  applied(index: LogIndex): void {
    const state = this.#state;
    const { log } = state;
    invariant(index <= log.handedOut, 'an entry is handed out before it is applied');
    if (index > log.applied) log.applied = index;
    takeOver(state);
    this.#leaveJoint();
  }

  /** Hands leadership over to a voter. It is given up after an election timeout; proposals are refused meanwhile. */
  transferLeadership(to: NodeId): TransferOutcome {
    return transferTo(this.#state, to);
  }

  /**
   * A follower believes its leader dead, from other sources than time: it supports other candidates at once, until it hears
   * from the leader again. Not with lease reads, which rest on its promise.
   */
  forgetLeader(): void {
    const state = this.#state;
    if (state.role === 'follower' && !state.limits.leaseReads) state.leader = undefined;
  }

  /** A leader gives up, for it cannot do its work: its disk or its process stands still. */
  stepDown(): void {
    if (this.#state.role === 'leader') this.#state.becomeFollower(this.#state.term, undefined);
  }

  /**
   * Asks for an index at which a read is linearizable. The answer is among the effects, under the same id.
   *
   * @param byLease whether a lease that is held may answer for the majority. Default: as the option `leaseReads`
   */
  readIndex(id: number, byLease: boolean = this.#state.limits.leaseReads): void {
    const { reads } = this.#state;
    if (byLease) reads.askedByLease.push(id);
    else reads.asked.push(id);
  }

  /** The process may have stood still: no lease that began before counts. */
  paused(): void {
    this.#state.reads.distrust();
  }

  /** The write with this token is durable, and so is every earlier one. */
  durable(token: WriteToken): void {
    writesDurable(this.#state, token);
  }

  /** Entries that a fetch asked for, from `from` on; `undefined` when they are gone, `[]` when they cannot be read now. */
  entriesRead(peer: NodeId, from: LogIndex, entries: readonly LogEntry[] | undefined): void {
    takeFetched(this.#state, peer, from, entries);
  }

  /** A follower that is far behind may be sent more: see `Effects.turns`. */
  catchUp(peer: NodeId): void {
    takeTurn(this.#state, peer);
  }

  /** Whether nobody who writes waits for `peer`, so that what brings it up to date need not hurry: see `paceCatchUp`. */
  isSpared(peer: NodeId): boolean {
    const progress = this.isLeader ? this.#state.peers.find(peer) : undefined;
    return progress !== undefined && isSpared(this.#state, progress);
  }

  /** Whether a snapshot has reached `peer`. To be reported for every snapshot message, or its receiver waits for ever. */
  snapshotSent(peer: NodeId, ok: boolean): void {
    if (this.#state.role === 'leader') takeSnapshotSent(this.#state, peer, ok);
  }

  /** There is a snapshot now where there was none: see `Effects.snapshotWanted`. */
  snapshotTaken(): void {
    if (this.#state.role === 'leader') requestAppends(this.#state, 1);
  }

  /**
   * Messages to `peer` were lost, or the connection to it. A leader asks it what it has before more is sent; a follower whose
   * leader it is campaigns soon after it may. What it promised stands: a broken connection does not say that nobody leads.
   */
  reportUnreachable(peer: NodeId): void {
    const state = this.#state;
    if (state.leader === peer) state.leaderLost = true;
    const progress = state.role === 'leader' ? state.peers.find(peer) : undefined;
    if (progress !== undefined && progress.state === 'replicate') progress.becomeProbe();
  }

  /** Whether followers could be told of a newer commit index: see `lazyCommits`. */
  get commitsWait(): boolean {
    return this.#state.role === 'leader' && this.#state.commitsWait;
  }

  /** Tells followers of the newest commit index, with the next effects, if they do not know it. */
  sendCommits(): void {
    sendCommits(this.#state);
  }

  /** Whether a snapshot would bring this replica anything, for who is about to receive its chunks. */
  wantsSnapshot(metadata: SnapshotMetadata): boolean {
    return !this.#state.log.reaches(metadata);
  }

  /** Whether {@link takeEffects} may have something: false is certain. */
  get anyEffects(): boolean {
    return anyEffects(this.#state);
  }

  /** What is to be done since the last call. Call again until it gives `undefined`. */
  takeEffects(): Effects | undefined {
    return takeEffects(this.#state);
  }

  /** The term of an entry of the log, `undefined` where it is not known. */
  termAt(index: LogIndex): Term | undefined {
    const term = this.#state.log.termAt(index);
    return term === undefined ? undefined : asTerm(term);
  }

  get membership(): Membership {
    return this.#state.peers.membership;
  }

  status(): RaftStatus {
    const state = this.#state;
    const { log } = state;
    return {
      id: state.id,
      role: state.role,
      term: asTerm(state.term),
      votedFor: state.votedFor,
      leader: state.leaderHint,
      committed: asIndex(log.committed),
      applied: asIndex(log.applied),
      durable: asIndex(log.durable),
      last: asIndex(log.last),
      lastTerm: asTerm(log.lastTerm),
      membership: state.peers.membership,
      transferee: state.transferee,
      leaseHeld: this.leaseHeld,
      droppedMessages: state.droppedMessages,
      lastDropReason: state.lastDropReason,
      progress: state.role === 'leader' ? state.peers.list.map(progress => progress.status()) : [],
    };
  }

  #refusal(): ProposalRefusal | undefined {
    const state = this.#state;
    // A leader that was removed leads on for the sake of the others, and takes nothing on.
    if (state.role !== 'leader' || state.peers.self === undefined || state.leavingAt > 0) return 'not-leader';
    return state.transferee === undefined ? undefined : 'transferring';
  }

  #membershipRefusal(change: MembershipChange): MembershipRefusal | undefined {
    const state = this.#state;
    if (state.limits.uncheckedMembershipChanges) return undefined;
    const { membership } = state.peers;
    const leaves = change.changes.length === 0;
    if (!state.limits.membershipChangeBeforeNoop && !state.committedInTerm) return 'too-early';
    if (state.pendingMembershipIndex > state.log.applied) return 'pending';
    if (isJoint(membership) && !leaves) return 'joint';
    if (!isJoint(membership) && leaves) return 'not-joint';
    return changedMembership(membership, change).membership === undefined ? 'invalid' : undefined;
  }

  /** Leaves a joint configuration that is left by itself, when nothing else is pending. Tried again until it is accepted. */
  #leaveJoint(): void {
    const state = this.#state;
    if (state.role !== 'leader' || !state.peers.membership.autoLeave) return;
    if (state.log.applied < state.pendingMembershipIndex) return;
    this.changeMembership({ transition: 'auto', changes: [] });
  }

  #append(proposals: readonly Proposal[]): Accepted {
    const state = this.#state;
    const first = asIndex(state.log.last + 1);
    appendOwn(state, proposals);
    requestAppends(state, 1);
    return { accepted: true, first, last: asIndex(state.log.last), term: asTerm(state.term) };
  }
}

function refusal<Reason extends string>(refused: Reason, leader: NodeId | undefined): Refusal<Reason> {
  return { accepted: false, refused, leader };
}
