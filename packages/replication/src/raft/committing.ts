import { requestAppends } from './replicating.ts';
import type { RaftState } from './raft-state.ts';

/**
 * Moves a leader's commit index to what a majority holds, if that is an entry of its own term: an entry of an older term may
 * be on a majority and still be overwritten (Ongaro 2014, §3.6.2 and figure 3.7). Older ones are committed by it.
 *
 * Returns whether it moved.
 */
export function advanceCommit(state: RaftState): boolean {
  const { log } = state;
  const index = Math.min(state.peers.committable(), log.last);
  const before = log.committed;
  const moves = index > before && log.termAt(index) === state.term;
  // A leader that removes itself will not be there to tell it later.
  if (moves && state.pendingMembershipIndex > before) state.commitsDue = true;
  if (moves) {
    log.commitTo(index);
    if (state.uncommittedBytes > 0) {
      // Entries of earlier terms were not counted, and may no longer be in memory.
      const bytes = log.payloadBytes(before + 1, index);
      state.uncommittedBytes = Math.max(0, state.uncommittedBytes - bytes);
    }
  }
  if (state.tracing) state.trace('Commit');
  if (moves) requestAppends(state, 2);
  return moves;
}
