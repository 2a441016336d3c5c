import { answerVote, beHandedOver, learnCommitted, takeVote } from './electing.ts';
import { follow, takeAppend, takeHeartbeat, takeSnapshot } from './following.ts';
import { takeAppendReply, takeHeartbeatReply } from './leading.ts';
import type { RaftMessage } from './raft-message.ts';
import type { RaftState } from './raft-state.ts';
import { appendReply, voteReply } from './replies.ts';

/** Takes a message that has been checked: first what its term says, then what it says itself (Ongaro 2014, §3.3). */
export function stepMessage(state: RaftState, message: RaftMessage): void {
  if (state.tracing) state.trace('Receive', message);
  // From a member that was removed while its answer was on the way.
  if (isReply(message) && state.peers.find(message.from) === undefined) return;
  if (message.type === 'vote-reply' || message.type === 'pre-vote-reply') learnCommitted(state, message);
  if (message.term < state.term) answerOldTerm(state, message);
  else if (message.term === state.term || enterTerm(state, message)) handle(state, message);
}

function isReply({ type }: RaftMessage): boolean {
  return (
    type === 'append-reply' ||
    type === 'heartbeat-reply' ||
    type === 'vote-reply' ||
    type === 'pre-vote-reply'
  );
}

/** Takes up a later term. Returns whether the message is to be handled. */
function enterTerm(state: RaftState, message: RaftMessage): boolean {
  const { type } = message;
  if (type === 'vote' || type === 'pre-vote') {
    // Who hears a leader does not help to depose it, unless that leader asks for it itself.
    if (!message.transfer && state.inLease) return false;
    if (type === 'pre-vote') return true;
  }
  // A pre-vote is given in the term that was asked about, in which nobody is yet.
  if (type === 'pre-vote-reply' && !message.rejected) return true;
  const fromLeader = type === 'append' || type === 'heartbeat' || type === 'snapshot';
  if (!fromLeader && type !== 'vote') keepPromise(state);
  state.becomeFollower(message.term, fromLeader ? message.from : undefined);
  return true;
}

/** The leader is forgotten with its term, though nobody leads the later one yet: what its lease rests on still holds. */
function keepPromise(state: RaftState): void {
  const { leaseReads, electionTicks } = state.limits;
  if (!leaseReads || state.role !== 'follower' || !state.inLease) return;
  state.quarantinedUntil = Math.max(
    state.quarantinedUntil,
    state.now + electionTicks - state.electionElapsed,
  );
}

/**
 * A message from an earlier term. It says nothing any more; its sender has to learn of ours, or a leader of old and a replica
 * that is ahead by failed elections would never hear of each other (etcd `Step`).
 */
function answerOldTerm(state: RaftState, message: RaftMessage): void {
  const { checkQuorum, preVote } = state.limits;
  if ((checkQuorum || preVote) && (message.type === 'heartbeat' || message.type === 'append')) {
    state.hold(appendReply(state, message.from, 0));
  } else if (message.type === 'pre-vote') {
    state.hold(voteReply(state, message.from, true, state.term, true));
  }
}

function handle(state: RaftState, message: RaftMessage): void {
  switch (message.type) {
    case 'append':
      if (follow(state, message.from)) takeAppend(state, message);
      return;
    case 'append-reply':
      if (state.role === 'leader') takeAppendReply(state, message);
      return;
    case 'heartbeat':
      if (follow(state, message.from)) takeHeartbeat(state, message);
      return;
    case 'heartbeat-reply':
      if (state.role === 'leader') takeHeartbeatReply(state, message);
      return;
    case 'vote':
    case 'pre-vote':
      answerVote(state, message);
      return;
    case 'vote-reply':
    case 'pre-vote-reply':
      takeVote(state, message);
      return;
    case 'snapshot':
      if (follow(state, message.from)) takeSnapshot(state, message);
      return;
    case 'timeout-now':
      if (state.role === 'follower') beHandedOver(state);
      return;
    case 'read-index':
      // Without an answer the follower asks again: it may be a new leader by then.
      if (state.role === 'leader') {
        state.reads.askedByPeers.push({ peer: message.from, request: message.request });
      }
      return;
    case 'read-index-reply':
      if (state.role === 'follower' && state.leader === message.from) {
        state.reads.answered(message.request, message.index);
      }
      return;
  }
}
