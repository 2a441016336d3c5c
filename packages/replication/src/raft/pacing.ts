import type { Progress } from './progress.ts';
import { asIndex } from './raft-log.ts';
import type { RaftState } from './raft-state.ts';

/**
 * A follower that is far behind, and without which a majority is in step, is sent the log in slices, each when the host says
 * so: reading, sending, and writing at the other end take processors and disks that whoever writes meanwhile waits for.
 * Nothing is held back from a follower that is needed: to commit, or to take leadership over.
 *
 * @module
 */

/**
 * A slice: what is read from disk at once for a follower that is far behind. Reading and checking it takes about a millisecond
 * of a leader's thread; between two reads everybody has a turn.
 */
export const sliceBytesMax = 0x1_0000;
/** What may be under way to a follower that is paced: enough for a long way, and not more than a disk takes in a moment. */
const windowBytesMax = 0x10_0000;
/** Whose log is in memory to its end, and not more than this behind, is sent the rest at once. */
const lagBytesMin = 4 * sliceBytesMax;

/** Notes whether a follower of which it is known where its log ends is far behind. */
export function noteLagging({ limits, log }: RaftState, progress: Progress): void {
  if (!limits.paceCatchUp || progress.next > log.last) return;
  progress.lagging = !log.holds(progress.next) || log.payloadBytes(progress.next, log.last) > lagBytesMin;
}

/** Whether nobody who writes waits for `progress`. */
export function isSpared(state: RaftState, progress: Progress): boolean {
  const { limits, peers, transferee, stepMark, now } = state;
  if (!limits.paceCatchUp || transferee === progress.id) return false;
  return peers.inStepWithout(progress, stepMark, now - limits.electionTicks);
}

/** Whether a follower is sent slices, at the host's pace. */
export function isPaced(state: RaftState, progress: Progress): boolean {
  return progress.lagging && isSpared(state, progress);
}

/** Whether so much is under way to a follower that is paced that it gets no turn. */
export function isTurnFull(progress: Progress): boolean {
  return progress.inflightBytes >= windowBytesMax;
}

/** Asks the host when a follower that is paced is to be sent more. */
export function askTurn(state: RaftState, progress: Progress): void {
  progress.waitsForTurn = true;
  state.turns.push({
    peer: progress.id,
    last: asIndex(state.log.last),
    sentCount: progress.turnCount,
    sentBytes: progress.turnBytes,
  });
  progress.turnCount = progress.turnBytes = 0;
}
