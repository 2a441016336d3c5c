/** A thread that takes part in contests: it takes the lock until all turns of the round are taken. */
import { locks as webLocks } from 'node:worker_threads';
import {
  type LockPlace,
  McsLock,
  ThreadMutex,
  ThreadReadWriteLock,
  ThreadSemaphore,
  TicketLock,
} from '@quorate/lock/shared';
import type { MemberId, Team } from '@quorate/threads';
import { serve, type WorkerContext } from '@quorate/threads/worker';
import { Contest, Turns } from './contest-memory.ts';

/** Which lock is taken, and how. */
export type ContestKind =
  | 'mutex'
  | 'mutex, async'
  | 'semaphore of one'
  | 'read-write lock, writing'
  | 'ticket lock'
  | 'MCS lock'
  | 'web locks';

export interface ContestOrder {
  readonly memory: SharedArrayBuffer;
  readonly place: LockPlace;
  readonly index: number;
  readonly threads: number;
  readonly kind: ContestKind;
  /** Whether the lock is held over a turn of the event loop. */
  readonly overTurn: boolean;
}

export const contestThread = serve(({ data, team, member }: WorkerContext<ContestOrder>) => {
  const { memory, place, index, threads, kind, overTurn } = data;
  const { round, arrived, done, left, inside, overlaps } = Contest.view(memory);
  const turns = Turns.view(memory, Contest.size + index * Turns.size);
  const seat = { team: team as Team, member: member as MemberId };

  const enter = (): number => {
    if (inside[0] !== 0) overlaps[0] = (overlaps[0] as number) + 1;
    inside[0] = 1;
    return left[0] as number;
  };

  /** @param before what {@link enter} found. Whether there was a turn to take. */
  const leave = (before: number): boolean => {
    if (before > 0) left[0] = before - 1;
    inside[0] = 0;
    return before > 0;
  };

  /** What is done under the lock. */
  const visit = (): boolean => leave(enter());
  const visitOverTurn = async (): Promise<boolean> => {
    const before = enter();
    await new Promise(resolve => setImmediate(resolve));
    return leave(before);
  };

  const blocking = (take: () => { release(): void }) => (): number => {
    for (let taken = 0; ; taken++) {
      const hold = take();
      const isTaken = visit();
      hold.release();
      if (!isTaken) return taken;
    }
  };

  const rounds: Record<ContestKind, () => () => number | Promise<number>> = {
    mutex: () => {
      const mutex = ThreadMutex.attach(place, seat);
      return blocking(() => mutex.lock());
    },
    'mutex, async': () => {
      const mutex = ThreadMutex.attach(place, seat);
      return async () => {
        for (let taken = 0; ; taken++) {
          const hold = await mutex.lockAsync();
          const isTaken = overTurn ? await visitOverTurn() : visit();
          hold.release();
          if (!isTaken) return taken;
        }
      };
    },
    'semaphore of one': () => {
      const semaphore = ThreadSemaphore.attach(place, seat);
      return blocking(() => semaphore.acquire());
    },
    'read-write lock, writing': () => {
      const lock = ThreadReadWriteLock.attach(place, seat);
      return blocking(() => lock.write());
    },
    'ticket lock': () => {
      const lock = TicketLock.attach(place, seat);
      return blocking(() => lock.lock());
    },
    'MCS lock': () => {
      const lock = McsLock.attach(place, seat);
      return blocking(() => lock.lock());
    },
    'web locks': () => async () => {
      for (let taken = 0; ; taken++) {
        const isTaken = await webLocks.request('quorate:bench', () => (overTurn ? visitOverTurn() : visit()));
        if (!isTaken) return taken;
      }
    },
  };

  return {
    run: async () => {
      const run = rounds[kind]();
      for (let seen = 0; ; ) {
        while (Atomics.load(round, 0) === seen) Atomics.wait(round, 0, seen);
        seen = Atomics.load(round, 0);
        if (seen < 0) return;
        Atomics.add(arrived, 0, 1);
        // Whoever sleeps here starts late, so nobody does.
        while (Atomics.load(arrived, 0) < threads);
        turns.startNs[0] = nowNs();
        const taken = await run();
        turns.endNs[0] = nowNs();
        turns.taken[0] = taken;
        Atomics.add(done, 0, 1);
        Atomics.notify(done, 0);
      }
    },
  };
});

/** One origin in all threads, unlike `performance.now()`. */
function nowNs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e9 + nanoseconds;
}
