import type { NodeId } from '@quorate/core';
import { isSpared } from './pacing.ts';
import type { RaftState } from './raft-state.ts';
import { requestAppend } from './replicating.ts';

/** The host gives `peer` its turn. */
export function takeTurn(state: RaftState, peer: NodeId): void {
  const progress = state.role === 'leader' ? state.peers.find(peer) : undefined;
  if (progress === undefined || !progress.waitsForTurn) return;
  progress.waitsForTurn = false;
  progress.hasTurn = true;
  requestAppend(state, progress, 1);
}

/**
 * Looks who is in step: who holds all that there was half an election timeout ago, or a whole one at most. Who waits for a turn
 * and is needed now waits no longer.
 */
export function tickPacing(state: RaftState): void {
  if (state.now - state.stepMarkedAt >= state.limits.electionTicks / 2) {
    state.stepMark = state.nextStepMark;
    state.nextStepMark = state.log.last;
    state.stepMarkedAt = state.now;
  }
  for (const progress of state.peers.list) {
    if (!progress.waitsForTurn || isSpared(state, progress)) continue;
    progress.waitsForTurn = false;
    requestAppend(state, progress, 1);
  }
}
