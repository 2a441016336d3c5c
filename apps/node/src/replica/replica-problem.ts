import { errorCode } from '@quorate/core';
import { NotLeaderError } from '@quorate/replication';
import { asProblem, Problem } from '../problem.ts';
import type { ReplicaSeat } from './replica-seat.ts';

/** What the client asked for cannot be as it is: another try of the same is no use, or must be of another shape. */
const conflicts = new Set(['SESSION_EXPIRED', 'SEQUENCE_GAP', 'REPLY_LOST', 'TRANSFER_FAILED']);

/** What a replica threw, as a problem; one that does not lead says who may, and at which url. */
export function replicaProblem(thrown: unknown, seat: ReplicaSeat): Problem {
  const problem = asProblem(thrown);
  const { outcome, retryable, message } = problem;
  if (thrown instanceof NotLeaderError) {
    const leader = seat.member(thrown.leader);
    const options = { outcome, retryable, cause: thrown };
    const more = leader === undefined ? {} : { leader: { id: leader.id, url: leader.url } };
    return new Problem(409, 'NOT_LEADER', message, { ...options, ...more });
  }
  const code = errorCode(thrown) ?? '';
  if (!conflicts.has(code)) return problem;
  return new Problem(409, code, message, { outcome, retryable, cause: thrown });
}
