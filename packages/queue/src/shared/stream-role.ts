import type { CheckedSeat } from './seat.ts';
import { roleTaken } from './shared-error.ts';

/**
 * A part in a stream that one thread has at a time: the producer, or a stage. Of a dead thread it can be taken over.
 *
 * @throws QuorateError `NOT_OWNER` where another has it that lives, or this thread has it already
 */
export function takeRole(
  owner: Int32Array,
  { team, member }: CheckedSeat,
  stream: string,
  role: string,
): void {
  for (;;) {
    const found = Atomics.load(owner, 0);
    if (found !== 0 && team.isAlive(found as typeof member)) throw roleTaken(stream, role, found);
    if (Atomics.compareExchange(owner, 0, found, member) === found) return;
  }
}

/** Gives it back, for another to take. Harmless when repeated. */
export function giveRole(owner: Int32Array, { member }: CheckedSeat): void {
  Atomics.compareExchange(owner, 0, member, 0);
}
