import type { LogEntry, NodeId } from '@quorate/core';
import { entryKind } from './entry-kind.ts';
import { decodeMembership } from './membership-codec.ts';
import { asIndex, asTerm } from './raft-log.ts';
import type {
  AppendMessage,
  AppendReply,
  HeartbeatMessage,
  HeartbeatReply,
  SnapshotMessage,
} from './raft-message.ts';
import type { RaftState } from './raft-state.ts';
import { appendReply } from './replies.ts';

/** Accepts `from` as the leader of this term. Returns whether it is: a term has one leader only. */
export function follow(state: RaftState, from: NodeId): boolean {
  if (state.role === 'leader') {
    state.drop('A message of a second leader in one term');
    return false;
  }
  if (state.role !== 'follower') {
    state.becomeFollower(state.term, from);
    return true;
  }
  if (state.leader !== undefined && state.leader !== from) {
    state.drop('A message of a second leader in one term');
    return false;
  }
  state.electionElapsed = 0;
  state.leader = from;
  state.leaderLost = false;
  return true;
}

/** Takes entries from the leader, and acknowledges them once they are durable (Ongaro 2014, §3.5). */
export function takeAppend(state: RaftState, message: AppendMessage): void {
  const { log } = state;
  if (message.index < log.committed) {
    // Overtaken. What is committed is known to match.
    acknowledge(state, message.from, log.committed);
    return;
  }
  const taken = log.takeFrom(message.index, message.logTerm, message.entries);
  if (taken === undefined) {
    reject(state, message);
    return;
  }
  if (message.entries.length > 0) noteTaken(state, message.entries);
  // What follows in this log may be another leader's.
  log.commitTo(Math.min(message.commit, taken));
  acknowledge(state, message.from, taken);
}

/** A leader's sign of life, which also tells how far what it knows to be here is committed. */
export function takeHeartbeat(state: RaftState, message: HeartbeatMessage): void {
  if (message.commit > state.log.last) {
    state.drop('A commit index beyond what this replica ever acknowledged');
    return;
  }
  state.log.commitTo(message.commit);
  const reply: HeartbeatReply = {
    type: 'heartbeat-reply',
    from: state.id,
    to: message.from,
    term: asTerm(state.term),
    round: message.round,
  };
  // It promises to support nobody else for a while. A restarted replica keeps that only if it sees that it ran before.
  const mayForgetPromise = state.limits.leaseReads && state.durableTerm === 0;
  if (mayForgetPromise || state.mayForgetMembership) state.hold(reply);
  else state.send(reply);
}

/**
 * Takes a snapshot in place of the log, unless the log has it all (Ongaro 2014, §5.3). One from before this replica was a
 * member is as good: the entry that makes it one is among those that follow.
 */
export function takeSnapshot(state: RaftState, message: SnapshotMessage): void {
  const { log } = state;
  const { snapshot } = message;
  if (decodeMembership(snapshot.membership) === undefined) {
    state.drop('A snapshot whose membership cannot be read');
    return;
  }
  if (log.reaches(snapshot)) {
    // The entries are all here, perhaps only the news that they are committed is not.
    log.commitTo(snapshot.index);
    acknowledge(state, message.from, log.committed);
    return;
  }
  log.install(snapshot);
  state.writes.replaced();
  // Its membership is taken up once it is installed: until then older changes may still be applied, in their turn.
  state.lastMembershipIndex = 0;
  acknowledge(state, message.from, log.last);
}

function noteTaken(state: RaftState, entries: readonly LogEntry[]): void {
  const overwritten = state.log.takeOverwritten();
  if (overwritten !== undefined) state.writes.overwrittenFrom(overwritten);
  for (let at = 0; at < entries.length; at++) {
    const entry = entries[at];
    if (entry?.kind === entryKind.membership && entry.index > state.lastMembershipIndex) {
      state.lastMembershipIndex = entry.index;
    }
  }
}

function reject(state: RaftState, message: AppendMessage): void {
  const { log } = state;
  const hint = log.findNotAbove(Math.min(message.index, log.last), message.logTerm, log.committed);
  state.hold({
    ...appendReply(state, message.from, message.index),
    rejected: true,
    hint: asIndex(hint.index),
    hintTerm: asTerm(hint.term),
  });
}

/** Says that everything up to `index` is here. Acknowledgements of one flush become one. */
export function acknowledge(state: RaftState, to: NodeId, index: number): void {
  const { held } = state;
  let reached = index;
  if (!state.limits.eagerAppend) {
    const before = held.at(-1);
    if (before?.type === 'append-reply' && supersedes(state, before, to)) {
      held.pop();
      reached = Math.max(index, before.index);
    }
  }
  state.hold(appendReply(state, to, reached));
}

function supersedes(state: RaftState, before: AppendReply, to: NodeId): boolean {
  return !before.rejected && before.to === to && before.term === state.term;
}
