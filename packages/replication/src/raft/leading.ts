import type { LogEntry, NodeId } from '@quorate/core';
import { tickPacing } from './catch-up-turns.ts';
import { advanceCommit } from './committing.ts';
import { entryKind, type Proposal } from './entry-kind.ts';
import { answerReads, confirmReads } from './reading.ts';
import type { Progress } from './progress.ts';
import { noteLagging } from './pacing.ts';
import { asIndex, asTerm } from './raft-log.ts';
import type { AppendReply, HeartbeatReply } from './raft-message.ts';
import type { RaftState } from './raft-state.ts';
import { requestAppend, requestAppends, sendAllAppends, sendHeartbeats } from './replicating.ts';
import { appendReply } from './replies.ts';
import type { TransferOutcome } from './proposal-outcome.ts';

/** One tick of a leader: look whether a majority still answers, give a transfer up, send heartbeats. */
export function tickLeader(state: RaftState): void {
  state.heartbeatElapsed++;
  state.electionElapsed++;
  if (state.electionElapsed >= state.limits.electionTicks) {
    state.electionElapsed = 0;
    if (state.limits.checkQuorum) checkQuorum(state);
  }
  if (state.transferee !== undefined) {
    state.transferElapsed++;
    // A successor that did not take over within an election timeout will not: the leader leads on.
    if (state.transferElapsed >= state.limits.electionTicks) state.transferee = undefined;
  }
  if (state.role !== 'leader') return;
  if (state.limits.paceCatchUp) tickPacing(state);
  if (state.heartbeatElapsed >= state.limits.heartbeatTicks) {
    state.heartbeatElapsed = 0;
    beat(state);
  }
}

/** A round of heartbeats, which is over at once where the leader is alone. */
export function beat(state: RaftState): void {
  sendHeartbeats(state);
  if (state.peers.isSingleton(state.id)) confirmReads(state);
}

function checkQuorum(state: RaftState): void {
  const active = state.peers.quorumActive();
  if (!active) state.becomeFollower(state.term, undefined);
  for (const progress of state.peers.list) {
    if (progress !== state.peers.self) progress.recentlyActive = false;
  }
}

/** Appends entries of this term to the own log. The own acknowledgement follows when they are durable. */
export function appendOwn(state: RaftState, proposals: readonly Proposal[]): void {
  const term = asTerm(state.term);
  for (let at = 0; at < proposals.length; at++) {
    const proposal = proposals[at];
    if (proposal === undefined) continue;
    const entry: LogEntry = {
      index: asIndex(state.log.last + 1),
      term,
      kind: proposal.kind,
      payload: proposal.payload,
    };
    state.log.push(entry);
    if (entry.kind === entryKind.membership) state.lastMembershipIndex = entry.index;
    else if (state.tracing) state.trace('Replicate');
  }
  state.selfAck = state.log.last;
  // The message that it would send itself, for the trace alone.
  if (state.tracing) state.trace('Send', appendReply(state, state.id, state.log.last));
}

/** The own log is durable up to `index`, which counts towards its commit only now. */
export function acknowledgeOwn(state: RaftState, index: number): void {
  if (state.tracing) state.trace('Receive', appendReply(state, state.id, index));
  const self = state.peers.self;
  if (self === undefined || !self.acknowledge(index)) return;
  if (advanceCommit(state)) answerReads(state);
}

/** What became of an append or a snapshot at a follower. */
export function takeAppendReply(state: RaftState, message: AppendReply): void {
  const progress = state.peers.find(message.from);
  if (progress === undefined) return;
  if (message.index > state.log.last) {
    state.drop('An acknowledgement of entries that this leader never had');
    return;
  }
  progress.recentlyActive = true;
  progress.heardAt = state.now;
  if (message.rejected) takeRejection(state, progress, message);
  else takeAcknowledgement(state, progress, message.index);
}

/**
 * The logs differ. The follower told where they may meet; what it has there is of term `hintTerm`, so no entry of a later
 * term in this log can be the place (etcd `stepLeader`). Each term of either log is asked about once at most.
 */
function takeRejection(state: RaftState, progress: Progress, message: AppendReply): void {
  const hint =
    message.hintTerm > 0
      ? state.log.findNotAbove(message.hint, message.hintTerm, progress.match).index
      : message.hint;
  if (!progress.stepBack(message.index, hint)) return;
  if (progress.state === 'replicate') progress.becomeProbe();
  requestAppend(state, progress, 3);
}

function takeAcknowledgement(state: RaftState, progress: Progress, index: number): void {
  const news = progress.acknowledge(index);
  // A probe that finds the logs alike moves nothing and still ends the probing.
  if (!news && !(progress.match === index && progress.state === 'probe')) return;
  if (progress.state === 'probe') {
    progress.becomeReplicate();
    noteLagging(state, progress);
  } else if (progress.state === 'snapshot') {
    if (progress.match + 1 >= state.log.first) {
      progress.becomeProbe();
      progress.becomeReplicate();
      noteLagging(state, progress);
    }
  } else {
    progress.freeTo(index);
  }
  const other = progress !== state.peers.self;
  if (advanceCommit(state)) answerReads(state);
  else if (other && progress.canBumpCommit(state.log.committed)) requestAppend(state, progress, 2);
  if (other && progress.next <= state.log.last) sendAllAppends(state, progress);
  if (progress.id === state.transferee && progress.match === state.log.last)
    sendTimeoutNow(state, progress.id);
}

/** A follower lives, and perhaps waits for something that was lost. */
export function takeHeartbeatReply(state: RaftState, message: HeartbeatReply): void {
  const progress = state.peers.find(message.from);
  if (progress === undefined) return;
  if (message.round > state.reads.round) {
    state.drop('An answer to a heartbeat that this leader never sent');
    return;
  }
  progress.recentlyActive = true;
  progress.heardAt = state.now;
  progress.flowPaused = false;
  // Rounds for reads follow each other faster than disks answer: once in a heartbeat's time is enough.
  const { eagerAppend, heartbeatTicks } = state.limits;
  const isTime = eagerAppend || state.now - progress.askedAt >= heartbeatTicks;
  if (progress.state === 'probe' || (progress.match < state.log.last && isTime)) {
    progress.askedAt = state.now;
    requestAppend(state, progress, 3);
  }
  if (message.round > progress.ackedRound) {
    progress.ackedRound = message.round;
    confirmReads(state);
    if (state.leavingAt > 0) leaveOnceKnown(state);
  }
}

/** A leader that was removed goes when it is not needed any more; the best of those who know that takes over. */
function leaveOnceKnown(state: RaftState): void {
  if (!state.peers.leavingKnown()) return;
  let successor: Progress | undefined;
  for (const progress of state.peers.list) {
    if (!progress.incoming || !progress.knowsOfLeaving) continue;
    if (successor === undefined || progress.match > successor.match) successor = progress;
  }
  if (successor !== undefined) sendTimeoutNow(state, successor.id);
  state.becomeFollower(state.term, undefined);
}

/** A snapshot has arrived at a follower, or has not. What it then holds is probed, after its own answer or a heartbeat. */
export function takeSnapshotSent(state: RaftState, peer: NodeId, ok: boolean): void {
  const progress = state.peers.find(peer);
  if (progress === undefined || progress.state !== 'snapshot') return;
  if (!ok) progress.pendingSnapshot = 0;
  progress.becomeProbe();
  progress.flowPaused = true;
}

/** Hands leadership over: the successor is brought up to date, then told to campaign (Ongaro 2014, §3.10). */
export function transferTo(state: RaftState, to: NodeId): TransferOutcome {
  const progress = state.peers.find(to);
  if (state.role !== 'leader') return 'not-leader';
  if (progress === undefined || progress.learner || !state.peers.isVoter(to)) return 'not-a-voter';
  if (state.transferee === to) return 'under-way';
  state.transferee = undefined;
  if (to === state.id) return 'already-leader';
  state.transferElapsed = 0;
  state.transferee = to;
  if (progress.match === state.log.last) sendTimeoutNow(state, to);
  else {
    progress.waitsForTurn = false;
    requestAppend(state, progress, 3);
  }
  return 'started';
}

/** Sends everybody what a new membership makes necessary. */
export function afterMembershipSwitch(state: RaftState): void {
  if (advanceCommit(state)) answerReads(state);
  else requestAppends(state, 1);
  if (state.transferee !== undefined && !state.peers.isVoter(state.transferee)) state.transferee = undefined;
}

function sendTimeoutNow(state: RaftState, to: NodeId): void {
  // From here on voters may elect the successor at any time, however late this message arrives.
  state.leaseGivenAway = true;
  state.send({ type: 'timeout-now', from: state.id, to, term: asTerm(state.term) });
}
