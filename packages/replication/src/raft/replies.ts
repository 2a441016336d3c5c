import type { NodeId } from '@quorate/core';
import { asIndex, asTerm } from './raft-log.ts';
import type { AppendReply, VoteReply } from './raft-message.ts';
import type { RaftState } from './raft-state.ts';

/** An acknowledgement of everything up to `index`; 0 acknowledges nothing and tells the term. */
export function appendReply({ id, term }: RaftState, to: NodeId, index: number): AppendReply {
  return {
    type: 'append-reply',
    from: id,
    to,
    term: asTerm(term),
    index: asIndex(index),
    rejected: false,
    hint: asIndex(0),
    hintTerm: asTerm(0),
  };
}

/** A vote given or refused, with what is known here to be committed. */
export function voteReply(
  { id, log }: RaftState,
  to: NodeId,
  pre: boolean,
  term: number,
  rejected: boolean,
): VoteReply {
  return {
    type: pre ? 'pre-vote-reply' : 'vote-reply',
    from: id,
    to,
    term: asTerm(term),
    rejected,
    commit: asIndex(log.committed),
    commitTerm: asTerm(log.termAt(log.committed) ?? 0),
  };
}
