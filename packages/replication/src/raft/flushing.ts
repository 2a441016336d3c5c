import type { HardState, LogEntry } from '@quorate/core';
import type {
  CatchUpTurn,
  CommittedRange,
  Effects,
  EntryFetch,
  RaftWrite,
  ReadAt,
  RoleChange,
  WriteToken,
} from './effects.ts';
import { takeSelfVote } from './electing.ts';
import { acknowledgeOwn } from './leading.ts';
import type { PendingWrite } from './pending-writes.ts';
import { asIndex, asTerm } from './raft-log.ts';
import type { RaftMessage } from './raft-message.ts';
import { none, type RaftState } from './raft-state.ts';
import { flushReads } from './reading.ts';
import { flushAppends } from './replicating.ts';
import { takeInstalled } from './switching.ts';

const noEntries: readonly LogEntry[] = [];
const noReads: readonly ReadAt[] = [];
const noIds: readonly number[] = [];
const noFetches: readonly EntryFetch[] = [];
const noTurns: readonly CatchUpTurn[] = [];

/** Gathers what is to be done since the last call; `undefined` when nothing is. */
export function takeEffects(state: RaftState): Effects | undefined {
  settle(state);
  flushReads(state);
  flushAppends(state);
  const write = takeWrite(state);
  const committed = takeCommitted(state);
  const roleChange = takeRoleChange(state);
  const { messages, reads, fetches, turns, snapshotWanted } = state;
  const anyReads = reads.done.length > 0 || reads.failed.length > 0;
  if (
    write === undefined &&
    committed === undefined &&
    roleChange === undefined &&
    messages.length === 0 &&
    fetches.length === 0 &&
    turns.length === 0 &&
    !anyReads &&
    !snapshotWanted
  ) {
    return undefined;
  }
  const effects: Effects = {
    write,
    messages,
    committed,
    // What is handed out is the host's: nothing may be pushed to it later.
    reads: reads.done.length === 0 ? noReads : reads.done,
    readsFailed: reads.failed.length === 0 ? noIds : reads.failed,
    fetches: fetches.length === 0 ? noFetches : fetches,
    turns: turns.length === 0 ? noTurns : turns,
    snapshotWanted,
    roleChange,
  };
  state.messages = none;
  if (anyReads) {
    reads.done = [];
    reads.failed = [];
  }
  if (fetches.length > 0) state.fetches = [];
  if (turns.length > 0) state.turns = [];
  state.snapshotWanted = false;
  if (state.tracing) state.trace('Ready');
  return effects;
}

/** Whether {@link takeEffects} may have something to say: cheaper to ask, and not wrong where it is false. */
export function anyEffects(state: RaftState): boolean {
  const { reads, log } = state;
  return (
    state.limits.eagerAppend ||
    state.appendsDue ||
    state.snapshotWanted ||
    state.messages.length > 0 ||
    state.fetches.length > 0 ||
    state.turns.length > 0 ||
    reads.anyAsked ||
    reads.done.length > 0 ||
    reads.failed.length > 0 ||
    anyHeld(state) ||
    log.hasUnwritten ||
    log.committed !== log.handedOut ||
    hardStateChanged(state) ||
    roleChanged(state)
  );
}

/** A write is durable, and with it every earlier one: what rested on them counts and leaves. */
export function writesDurable(state: RaftState, token: WriteToken): void {
  for (let write = state.writes.takeUpTo(token); write !== undefined; write = state.writes.takeUpTo(token)) {
    if (write.snapshot !== undefined) takeInstalled(state, write.snapshot);
    state.log.durableTo(write.last);
    if (write.hardState !== undefined) {
      state.durableTerm = write.hardState.term;
      state.durableCommit = write.hardState.committed;
    }
    release(state, write);
  }
}

function release(state: RaftState, write: PendingWrite): void {
  emit(state, write.releases);
  if (write.selfPreVote > 0) takeSelfVote(state, write.selfPreVote, true);
  if (write.selfVote > 0) takeSelfVote(state, write.selfVote, false);
  if (write.selfAck > 0 && state.role === 'leader' && write.selfAckTerm === state.term) {
    acknowledgeOwn(state, write.selfAck);
  }
}

/** Messages that were held back leave with the next effects. They are in the trace already. */
function emit(state: RaftState, messages: RaftMessage[]): void {
  if (messages.length === 0) return;
  state.messages = state.messages.length === 0 ? messages : [...state.messages, ...messages];
}

/** Lets go at once what nothing durable is missing for. */
function settle(state: RaftState): void {
  // One write per step is also what etcd's core asks for, however little there is to write.
  if (state.limits.eagerAppend) return;
  if (!anyHeld(state) || !state.writes.empty || state.log.hasUnwritten || hardStateChanged(state)) return;
  const { held, selfVote, selfPreVote, selfAck } = state;
  state.held = none;
  state.selfVote = 0;
  state.selfPreVote = 0;
  state.selfAck = 0;
  emit(state, held);
  if (selfPreVote > 0) takeSelfVote(state, selfPreVote, true);
  if (selfVote > 0) takeSelfVote(state, selfVote, false);
  if (selfAck > 0 && state.role === 'leader') acknowledgeOwn(state, selfAck);
}

function anyHeld(state: RaftState): boolean {
  return state.held.length > 0 || state.selfVote > 0 || state.selfPreVote > 0 || state.selfAck > 0;
}

/** Whether there is something that must be durable beside entries. Commit indexes alone need not be. */
function hardStateChanged(state: RaftState): boolean {
  return (
    state.term !== state.writtenTerm ||
    state.votedFor !== state.writtenVote ||
    (state.mayForgetMembership && state.lastMembershipIndex > state.writtenCommit)
  );
}

function takeWrite(state: RaftState): RaftWrite | undefined {
  const unwritten = state.log.takeUnwritten();
  const changed = hardStateChanged(state);
  const commits = state.log.committed !== state.writtenCommit;
  const asked = state.limits.eagerAppend && (commits || anyHeld(state));
  if (unwritten === undefined && !changed && !asked) {
    attachToNewest(state);
    return undefined;
  }
  const truncateFrom = unwritten?.truncateFrom;
  const pending = state.writes.add(
    {
      snapshot: unwritten?.snapshot,
      truncateFrom: truncateFrom === undefined ? undefined : asIndex(truncateFrom),
      entries: unwritten === undefined ? noEntries : unwritten.entries,
      // With each entry the commit index is on disk that was known when it was: who has a change of membership knows, also
      // after a crash, that the one before is committed, and campaigns with no older membership than that. A state machine
      // may know more at the start than the disk does, hence the first write has it, too.
      hardState: changed || commits || !state.wroteHardState ? takeHardState(state) : undefined,
      sync: unwritten !== undefined || changed,
    },
    state.log.last,
    state.held,
  );
  state.held = none;
  attachOwn(state, pending);
  return pending;
}

/** What is held back without anything new to write rests on the writes under way. */
function attachToNewest(state: RaftState): void {
  const newest = state.writes.newest;
  if (newest === undefined) return;
  if (state.held.length > 0) {
    newest.release(state.held);
    state.held = none;
  }
  attachOwn(state, newest);
}

function attachOwn(state: RaftState, pending: PendingWrite): void {
  if (state.selfVote > 0) {
    pending.selfVote = state.selfVote;
    state.selfVote = 0;
  }
  if (state.selfPreVote > 0) {
    pending.selfPreVote = state.selfPreVote;
    state.selfPreVote = 0;
  }
  if (state.selfAck > 0) {
    pending.selfAck = state.selfAck;
    pending.selfAckTerm = state.term;
    state.selfAck = 0;
  }
}

function takeHardState(state: RaftState): HardState {
  state.wroteHardState = true;
  state.writtenTerm = state.term;
  state.writtenVote = state.votedFor;
  state.writtenCommit = state.log.committed;
  return { term: asTerm(state.term), votedFor: state.votedFor, committed: asIndex(state.log.committed) };
}

function takeCommitted(state: RaftState): CommittedRange | undefined {
  const { log } = state;
  if (log.committed === log.handedOut || log.installing !== undefined) return undefined;
  const from = log.handedOut + 1;
  const held = log.holds(from);
  // What is to be read from disk has to be there, and what is in memory may come before it is.
  const early = held && state.limits.applyBeforeDurable;
  let to = early ? log.committed : Math.min(log.committed, log.durable);
  // Who is told of a new membership may rely on it, and end those who are not in it.
  if (!early && state.mayForgetMembership) to = Math.min(to, state.lastMembershipIndex - 1);
  if (to < from) return undefined;
  log.handedOut = to;
  const entries = held ? log.inMemory(from, to) : undefined;
  return { from: asIndex(from), to: asIndex(to), entries };
}

function roleChanged({ role, term, leaderHint, toldRole, toldTerm, toldLeader }: RaftState): boolean {
  return role !== toldRole || term !== toldTerm || leaderHint !== toldLeader;
}

function takeRoleChange(state: RaftState): RoleChange | undefined {
  if (!roleChanged(state)) return undefined;
  const { role, term, leaderHint: leader } = state;
  state.toldRole = role;
  state.toldTerm = term;
  state.toldLeader = leader;
  return { role, term: asTerm(term), leader };
}
