import type { NodeId } from '@quorate/core';
import { asIndex, asTerm } from './raft-log.ts';
import type { RaftState } from './raft-state.ts';
import { sendHeartbeats } from './replicating.ts';

/** Whether a leader may answer reads by the clock alone (Ongaro 2014, §6.4.1). */
export function leaseHeld(state: RaftState): boolean {
  const { limits, reads } = state;
  return (
    limits.leaseReads &&
    state.role === 'leader' &&
    !state.leaseGivenAway &&
    (state.peers.isSingleton(state.id) || reads.leaseHeld(state.now, limits.leaseTicks))
  );
}

/**
 * Sends reads that were asked for since the last flush on their way: a leader answers by its lease those that may be, and
 * starts one round of heartbeats for the rest, followers' among them; a follower asks its leader in one message; without a
 * leader they fail.
 *
 * A leader that has not committed an entry of its own term does not know what is committed: its reads wait.
 */
export function flushReads(state: RaftState): void {
  const { reads } = state;
  if (!reads.anyAsked) return;
  if (state.role === 'leader') {
    answerReads(state);
    return;
  }
  reads.joinLeaseReads();
  if (state.role === 'follower' && state.leader !== undefined) {
    if (reads.asked.length === 0) return;
    const request = reads.sendBatch(state.now);
    state.send({ type: 'read-index', from: state.id, to: state.leader, term: asTerm(state.term), request });
  } else {
    reads.failed = reads.failed.concat(reads.asked);
    reads.asked = [];
  }
}

/** On a leader: {@link flushReads} for what waited until it had committed something. */
export function answerReads(state: RaftState): void {
  const { reads } = state;
  if (!reads.anyAsked || !state.committedInTerm) return;
  const index = state.log.committed;
  if (leaseHeld(state)) {
    for (const id of reads.askedByLease) reads.done.push({ id, index: asIndex(index) });
    reads.askedByLease = [];
    if (!reads.anyAsked) return;
  }
  reads.joinLeaseReads();
  const asked = reads.asked;
  const askedByPeers = reads.askedByPeers;
  reads.asked = [];
  reads.askedByPeers = [];
  if (state.peers.isSingleton(state.id)) {
    for (const id of asked) reads.done.push({ id, index: asIndex(index) });
    for (const { peer, request } of askedByPeers) answerPeer(state, peer, request, index);
    return;
  }
  const round = sendHeartbeats(state);
  for (const id of asked) reads.wait(id, index, round, undefined);
  for (const { peer, request } of askedByPeers) reads.wait(request, index, round, peer);
}

/** Answers the reads that wait for a round that a majority has answered by now. */
export function confirmReads(state: RaftState): void {
  for (const { peer, request, index } of state.reads.confirm(state.peers.confirmedRound())) {
    answerPeer(state, peer, request, index);
  }
}

function answerPeer(state: RaftState, peer: NodeId, request: number, index: number): void {
  state.send({
    type: 'read-index-reply',
    from: state.id,
    to: peer,
    term: asTerm(state.term),
    request,
    index: asIndex(index),
  });
}
