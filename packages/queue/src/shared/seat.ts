import { type Clock, systemClock } from '@quorate/core';
import { type MemberId, type Team, usefulThreads } from '@quorate/threads';
import { memberMax } from './slot-word.ts';

/** Who this thread is: a worker's `context.team` and `context.member`, or a team and what its `join()` gave. */
export interface Seat {
  /** Tells who is alive. The thread that spawned the workers with it has to have each queue too, for it hears of deaths first. */
  readonly team: Pick<Team, 'isAlive' | 'watch'>;
  readonly member: MemberId;
  /**
   * How often a blocking call looks before its thread goes to sleep: the waiting strategy. 0 parks at once, `Infinity` only
   * spins, which is right where each thread has a core to itself. Default 1,000, some tens of microseconds, which is what
   * waking a thread takes; 0 where there is a single core.
   */
  readonly spins?: number | undefined;
  /** What deadlines are measured on. Default `systemClock`. */
  readonly clock?: Clock | undefined;
}

export interface CheckedSeat extends Seat {
  readonly spins: number;
  readonly clock: Clock;
}

const spinsDefault = 1_000;

/** @throws TypeError, RangeError */
export function checkSeat(seat: Seat): CheckedSeat {
  const { team, member, spins = usefulThreads() > 1 ? spinsDefault : 0, clock = systemClock } = seat;
  if (typeof team?.isAlive !== 'function')
    throw new TypeError(`Team must be a Team: received ${typeof team}`);
  if (!(Number.isInteger(spins) || spins === Number.POSITIVE_INFINITY) || spins < 0)
    throw new RangeError(`Spins must be an integer of at least 0, or Infinity: received ${spins}`);
  if (member > memberMax)
    throw new RangeError(`Member id must be at most ${memberMax} to own slots: received ${member}`);
  if (!team.isAlive(member))
    throw new RangeError(`Member must be alive in the team: received ${String(member)}`);
  return { team, member, spins, clock };
}
