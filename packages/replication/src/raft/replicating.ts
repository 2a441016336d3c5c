import type { LogEntry, NodeId } from '@quorate/core';
import { askTurn, isPaced, isTurnFull, sliceBytesMax } from './pacing.ts';
import type { AppendDue, Progress } from './progress.ts';
import { asIndex, asTerm, payloadBytes } from './raft-log.ts';
import type { RaftState } from './raft-state.ts';

/**
 * What a leader sends: appends, snapshots in their place, heartbeats.
 *
 * Appends are only noted as due and leave at the flush, so that however much happened since the last one, each follower gets
 * one append with all entries and the newest commit index. With `eagerAppend` each leaves at once, as etcd's do.
 *
 * @module
 */

/** Notes that `progress` is due an append, or sends it. */
export function requestAppend(state: RaftState, progress: Progress, due: AppendDue): void {
  if (progress === state.peers.self) return;
  if (state.limits.eagerAppend) {
    sendAppend(state, progress, due);
    return;
  }
  if (progress.due < due) progress.due = due;
  state.appendsDue = true;
}

/** {@link requestAppend} to everybody. */
export function requestAppends(state: RaftState, due: AppendDue): void {
  const list = state.peers.list;
  for (let at = 0; at < list.length; at++) {
    const progress = list[at];
    if (progress !== undefined) requestAppend(state, progress, due);
  }
}

/** Sends the appends that are due, one to each follower. What did not fit stays due. */
export function flushAppends(state: RaftState): void {
  if (!state.appendsDue || state.role !== 'leader') return;
  state.appendsDue = false;
  state.commitsWait = false;
  const list = state.peers.list;
  for (let at = 0; at < list.length; at++) {
    const progress = list[at];
    if (progress === undefined || progress.due === 0) continue;
    const due = progress.due;
    if (due === 2 && waitsForEntries(state, progress)) {
      state.commitsWait = true;
      continue;
    }
    progress.due = 0;
    const sent = sendAppend(state, progress, due);
    if (sent && progress.state === 'replicate' && progress.next <= state.log.last && !progress.paused) {
      progress.due = 1;
      state.appendsDue = true;
    }
  }
  state.commitsDue = false;
}

/**
 * Whether a newer commit index is left for the entries that follow it: under load they are there before it would arrive, and
 * half of all messages are spared. It stays due.
 */
function waitsForEntries(state: RaftState, progress: Progress): boolean {
  const { limits, log, commitsDue } = state;
  return (
    limits.lazyCommits && !commitsDue && progress.next > log.last && progress.canBumpCommit(log.committed)
  );
}

/** Lets what {@link waitsForEntries} held back leave with the next flush. */
export function sendCommits(state: RaftState): void {
  if (state.role !== 'leader' || !state.commitsWait) return;
  state.commitsDue = true;
  state.appendsDue = true;
}

/** Sends as many appends as the window takes, if they carry entries (etcd sends them within the step). */
export function sendAllAppends(state: RaftState, progress: Progress): void {
  if (!state.limits.eagerAppend) {
    requestAppend(state, progress, 1);
    return;
  }
  while (sendAppend(state, progress, 1));
}

/** Entries that a fetch brought, or `undefined` when they are gone. Answers to a fetch that was given up are ignored. */
export function takeFetched(
  state: RaftState,
  peer: NodeId,
  from: number,
  entries: readonly LogEntry[] | undefined,
): void {
  const progress = state.role === 'leader' ? state.peers.find(peer) : undefined;
  if (progress === undefined || progress.fetchFrom === 0 || progress.fetchFrom !== from) return;
  progress.fetchFrom = 0;
  if (progress.next !== from || progress.state === 'snapshot') {
    requestAppend(state, progress, 1);
    return;
  }
  if (entries === undefined) {
    sendSnapshot(state, progress);
    return;
  }
  const first = entries[0];
  const last = entries[entries.length - 1];
  if (entries.length === 0) {
    // It could not be read. The next heartbeat's answer tries again.
    progress.flowPaused = true;
    return;
  }
  const previousTerm = state.log.termAt(from - 1);
  // Read before the log was overwritten, in an earlier term: read again.
  const stale = first === undefined || last === undefined || state.log.termAt(last.index) !== last.term;
  if (stale || first.index !== from || previousTerm === undefined) {
    requestAppend(state, progress, 1);
    return;
  }
  emitAppend(state, progress, previousTerm, entries);
  if (!progress.paused && progress.next <= state.log.last) requestAppend(state, progress, 1);
}

/** Sends an append if the follower is ready for one. Returns whether one left. */
function sendAppend(state: RaftState, progress: Progress, due: AppendDue): boolean {
  if (progress === state.peers.self || progress.paused) return false;
  const { log, limits } = state;
  const previousTerm = log.termAt(progress.next - 1);
  if (previousTerm === undefined) return sendSnapshot(state, progress);
  // With a full window only empty appends leave: should everything in it be lost, their answers open it again.
  const replicates = progress.state === 'replicate';
  const paced = replicates && isPaced(state, progress);
  const blocked = (replicates && progress.windowFull) || (paced && isTurnFull(progress));
  if (paced && !blocked && !progress.hasTurn) return waitForTurn(state, progress);
  // A probe may meet somebody who is far behind, which only its answer tells.
  const sliced = paced || (limits.paceCatchUp && !replicates);
  const bytesMax = sliced ? Math.min(limits.appendBytesMax, sliceBytesMax) : limits.appendBytesMax;
  const entries = blocked ? [] : log.toSend(progress.next, bytesMax);
  if (entries === 'compacted') return sendSnapshot(state, progress);
  if (entries === 'on-disk') {
    progress.lagging = replicates && limits.paceCatchUp;
    if (!progress.hasTurn && isPaced(state, progress)) return waitForTurn(state, progress);
    fetch(state, progress);
    return false;
  }
  if (entries.length === 0) {
    if (due < 2) return false;
    if (due === 2 && !limits.eagerAppend && !progress.canBumpCommit(log.committed)) return false;
  }
  emitAppend(state, progress, previousTerm, entries);
  return true;
}

function emitAppend(
  state: RaftState,
  progress: Progress,
  previousTerm: number,
  entries: readonly LogEntry[],
): void {
  const committed = state.log.committed;
  state.send({
    type: 'append',
    from: state.id,
    to: progress.id,
    term: asTerm(state.term),
    index: asIndex(progress.next - 1),
    logTerm: asTerm(previousTerm),
    commit: asIndex(committed),
    entries,
  });
  const bytes = entries.length === 0 ? 0 : payloadBytes(entries);
  progress.sent(entries.length, bytes, committed);
  if (progress.lagging && entries.length > 0) noteSent(state, progress, entries.length, bytes);
}

function noteSent(state: RaftState, progress: Progress, count: number, bytes: number): void {
  if (progress.hasTurn) {
    progress.turnCount += count;
    progress.turnBytes += bytes;
  }
  progress.hasTurn = false;
  if (progress.next > state.log.last) progress.lagging = false;
}

function waitForTurn(state: RaftState, progress: Progress): false {
  askTurn(state, progress);
  return false;
}

function fetch(state: RaftState, progress: Progress): void {
  progress.fetchFrom = progress.next;
  state.fetches.push({
    peer: progress.id,
    from: asIndex(progress.next),
    to: asIndex(state.log.last),
    bytesMax: Math.min(state.limits.appendBytesMax, sliceBytesMax),
  });
}

/** Sends a snapshot if there is one that the log continues; not to whom nobody has heard of lately. */
function sendSnapshot(state: RaftState, progress: Progress): boolean {
  if (!progress.recentlyActive) return false;
  const snapshot = state.log.snapshot;
  if (snapshot === undefined || snapshot.index + 1 < state.log.first || snapshot.index <= progress.match) {
    state.snapshotWanted = true;
    return false;
  }
  progress.becomeSnapshot(snapshot.index);
  state.send({
    type: 'snapshot',
    from: state.id,
    to: progress.id,
    term: asTerm(state.term),
    snapshot,
  });
  return true;
}

/** A round of heartbeats to everybody. Returns its number. */
export function sendHeartbeats(state: RaftState): number {
  const round = state.reads.nextRound(state.now);
  for (const progress of state.peers.list) {
    if (progress === state.peers.self) {
      progress.ackedRound = round;
      continue;
    }
    // A follower may hold other entries than the leader's beyond what is known to match.
    const commit = Math.min(progress.match, state.log.committed);
    state.send({
      type: 'heartbeat',
      from: state.id,
      to: progress.id,
      term: asTerm(state.term),
      commit: asIndex(commit),
      round,
    });
    progress.sentCommit = commit;
    if (state.leavingAt > 0 && commit >= state.leavingAt && progress.toldRound === 0) {
      progress.toldRound = round;
    }
  }
  return round;
}
