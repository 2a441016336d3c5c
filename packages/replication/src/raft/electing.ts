import type { NodeId } from '@quorate/core';
import { appendOwn } from './leading.ts';
import { entryKind } from './entry-kind.ts';
import { asIndex, asTerm } from './raft-log.ts';
import type { VoteMessage, VoteReply } from './raft-message.ts';
import type { RaftState } from './raft-state.ts';
import { requestAppends } from './replicating.ts';
import { voteReply } from './replies.ts';

const noop = [{ kind: entryKind.noop, payload: new Uint8Array(0) }];

/** How an election starts: asking first, at once, or at the leader's wish. */
export type CampaignKind = 'pre-vote' | 'vote' | 'transfer';

/** Starts an election if this replica may win one. Returns whether it did. */
export function startElection(state: RaftState, kind: CampaignKind): boolean {
  if (state.role === 'leader' || !state.promotable || mayMissMembership(state)) return false;
  campaign(state, kind);
  return true;
}

/** The leader wants this replica in its place (Ongaro 2014, §3.10). */
export function beHandedOver(state: RaftState): void {
  state.takeOverBy = state.now + state.limits.electionTicks;
  takeOver(state);
}

/**
 * Campaigns for the leader's sake. To be tried again when more is applied: the news that a change of membership is committed
 * may have come just before the leader's wish, and who does not know its membership may not campaign.
 */
export function takeOver(state: RaftState): void {
  if (state.now < state.takeOverBy && state.role === 'follower') startElection(state, 'transfer');
}

/**
 * Whether a committed change of membership may wait to be applied. A candidate that does not know it could win by majorities
 * that no longer count (etcd `hasUnappliedConfChanges`).
 */
function mayMissMembership(state: RaftState): boolean {
  return Math.min(state.lastMembershipIndex, state.log.committed) > state.log.applied;
}

function campaign(state: RaftState, kind: CampaignKind): void {
  const pre = kind === 'pre-vote';
  if (pre) {
    state.becomePreCandidate();
    state.drawRetryTimeout();
  } else state.becomeCandidate();
  // A pre-vote is about the term to come.
  const term = pre ? state.term + 1 : state.term;
  for (const progress of state.peers.list) {
    if (!progress.incoming && !progress.outgoing) continue;
    if (progress === state.peers.self) {
      // The own vote counts like any other: once it is durable.
      if (pre) state.selfPreVote = term;
      else state.selfVote = term;
      if (state.tracing) state.trace('Send', ownVote(state, term, pre));
      continue;
    }
    const request: VoteMessage = {
      type: pre ? 'pre-vote' : 'vote',
      from: state.id,
      to: progress.id,
      term: asTerm(term),
      index: asIndex(state.log.last),
      logTerm: asTerm(state.log.lastTerm),
      transfer: kind === 'transfer',
    };
    // A candidate that could forget its term or its log would count the votes for them in its next life, too: it could win
    // with a shorter log, or lead one term twice.
    if (pre) state.send(request);
    else state.hold(request);
  }
}

/**
 * Answers a request for a vote (Ongaro 2014, §3.4 and §3.6.1). Learners vote, too: whoever asks may know of their promotion
 * before they do.
 */
export function answerVote(state: RaftState, message: VoteMessage): void {
  const pre = message.type === 'pre-vote';
  const free =
    state.votedFor === message.from ||
    (state.votedFor === undefined && state.leader === undefined) ||
    (pre && message.term > state.term);
  const granted = free && state.log.isUpToDate(message.index, message.logTerm);
  // A vote is given in the term that was asked about, or the candidate would think it old; a refusal tells our own.
  state.hold(voteReply(state, message.from, pre, granted ? message.term : state.term, !granted));
  if (granted && !pre) {
    state.electionElapsed = 0;
    state.votedFor = message.from;
  }
  if (granted && pre && yieldsTo(state, message)) {
    state.becomeFollower(state.term, undefined);
    state.giveWay();
  }
}

/**
 * Of two that ask at once, one gives way: with a majority of pre-votes each, they would split the votes, and the group would
 * wait for another election. Each hears the other's question before its answer, where messages keep their order, so that
 * both know it in time. It does so once in a term: the other may be gone by then, or hear nobody and ask for ever.
 */
function yieldsTo(state: RaftState, { from, term, index, logTerm }: VoteMessage): boolean {
  if (state.role !== 'pre-candidate' || term !== state.term + 1 || state.yieldedIn === state.term)
    return false;
  const { last, lastTerm } = state.log;
  return logTerm > lastTerm || index > last || from > state.id;
}

/**
 * Takes over what a voter knows to be committed, where this log has it: that is true in every term. It matters where a change
 * of membership may be among it, for whom that one removed may be needed, and not be had, for as long as nobody knows.
 */
export function learnCommitted(state: RaftState, { commit, commitTerm }: VoteReply): void {
  const { log } = state;
  if (state.role === 'leader' || state.lastMembershipIndex <= log.committed || commit <= log.committed)
    return;
  if (log.termAt(commit) !== commitTerm) return;
  log.commitTo(commit);
  // The majorities of this election may not count any more.
  if (state.role !== 'follower' && mayMissMembership(state)) state.becomeFollower(state.term, undefined);
}

/** Takes a vote from a peer, while the election that it is about still runs. */
export function takeVote(state: RaftState, message: VoteReply): void {
  const wanted = state.role === 'pre-candidate' ? 'pre-vote-reply' : 'vote-reply';
  if (message.type !== wanted || (state.role !== 'candidate' && state.role !== 'pre-candidate')) return;
  // A pre-vote that was given for an earlier asking is none for this.
  if (state.role === 'pre-candidate' && !message.rejected && message.term !== state.term + 1) return;
  countVote(state, message.from, !message.rejected);
  // Somebody else has that vote, most likely. Whoever wins is heard of long before.
  if (message.rejected && state.role === 'candidate' && state.limits.preVote) state.drawRetryTimeout();
}

/** Takes the own vote, which has become durable. */
export function takeSelfVote(state: RaftState, term: number, pre: boolean): void {
  const stands = pre
    ? state.role === 'pre-candidate' && term === state.term + 1
    : state.role === 'candidate' && term === state.term;
  if (!stands) return;
  if (state.tracing) state.trace('Receive', ownVote(state, term, pre));
  countVote(state, state.id, true);
}

/** The message that a candidate would send itself, for the trace alone. */
function ownVote(state: RaftState, term: number, pre: boolean): VoteReply {
  return voteReply(state, state.id, pre, term, false);
}

function countVote(state: RaftState, from: NodeId, granted: boolean): void {
  const progress = state.peers.find(from);
  if (progress !== undefined && progress.vote === 'none') progress.vote = granted ? 'granted' : 'rejected';
  const result = state.peers.tally();
  if (result === 'pending') return;
  if (result === 'lost') {
    // A pre-vote carries a term to come; ours stays.
    state.becomeFollower(state.term, undefined);
  } else if (state.role === 'pre-candidate') {
    campaign(state, 'vote');
  } else {
    state.becomeLeader();
    // Its commit commits whatever earlier leaders left behind, and shows this one what is committed.
    appendOwn(state, noop);
    requestAppends(state, 3);
  }
}
