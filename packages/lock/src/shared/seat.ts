import { type Clock, systemClock } from '@quorate/core';
import { type MemberId, type Team, usefulThreads } from '@quorate/threads';

/** Who this thread is: a worker's `context.team` and `context.member`, or a team and what its `join()` gave. */
export interface Seat {
  /** Tells who is alive. The thread that spawned the workers with it has to have each lock too, for it hears of deaths first. */
  readonly team: Pick<Team, 'capacity' | 'isAlive' | 'slotOf' | 'watch'>;
  readonly member: MemberId;
  /**
   * How often a blocking call looks at a lock that is taken before its thread goes to sleep. Default 100, some microseconds;
   * 0 where there is a single core.
   */
  readonly spins?: number | undefined;
  /** What deadlines are measured on. Default `systemClock`. */
  readonly clock?: Clock | undefined;
}

export interface CheckedSeat extends Seat {
  readonly spins: number;
  readonly clock: Clock;
}

const spinsDefault = 100;

/** @throws TypeError, RangeError */
export function checkSeat(seat: Seat): CheckedSeat {
  const { team, member, spins = usefulThreads() > 1 ? spinsDefault : 0, clock = systemClock } = seat;
  if (typeof team?.isAlive !== 'function')
    throw new TypeError(`Team must be a Team: received ${typeof team}`);
  if (!Number.isInteger(spins) || spins < 0)
    throw new RangeError(`Spins must be an integer of at least 0: received ${spins}`);
  if (!team.isAlive(member))
    throw new RangeError(`Member must be alive in the team: received ${String(member)}`);
  return { team, member, spins, clock };
}
