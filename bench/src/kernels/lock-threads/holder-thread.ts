import { type LockPlace, ThreadMutex } from '@quorate/lock/shared';
import type { MemberId, Team } from '@quorate/threads';
import { serve, type WorkerContext } from '@quorate/threads/worker';

interface HolderOrder {
  readonly place: LockPlace;
  /** When the successor had the lock. */
  readonly times: BigInt64Array;
  readonly turn: Int32Array;
}

/** A thread that keeps a mutex, or comes after one that did. */
export const holderThread = serve(({ data, team, member }: WorkerContext<HolderOrder>) => {
  const mutex = ThreadMutex.attach(data.place, { team: team as Team, member: member as MemberId });
  return {
    keep: () => {
      mutex.lock();
    },
    /** Whether it was told that the owner died. */
    succeed: () => {
      const hold = mutex.lock();
      data.times[0] = process.hrtime.bigint();
      Atomics.store(data.turn, 0, 1);
      Atomics.notify(data.turn, 0);
      const { ownerDied } = hold;
      hold.consistent();
      hold.release();
      return ownerDied;
    },
  };
});
