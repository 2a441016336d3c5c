import type { NodeId } from '@quorate/core';

/** What the choice between two connections of one pair of nodes goes by. */
export interface Candidate {
  /** Which of the two nodes dialed it. */
  readonly dialer: NodeId;
  /** Which life of the peer it leads to. */
  readonly incarnation: string;
}

/**
 * Whether `next`, which has just come up, takes the place of `current`. Both ends come to the same answer.
 *
 * A peer that was started again, or that dials anew, knows that the earlier connection is over: the newer one wins. When both
 * nodes dialed at the same time, the one that the smaller id dialed wins, by the order of UTF-16 code units.
 */
export function replaces(next: Candidate, current: Candidate, self: NodeId, peer: NodeId): boolean {
  if (next.incarnation !== current.incarnation || next.dialer === current.dialer) return true;
  return next.dialer === (self < peer ? self : peer);
}
