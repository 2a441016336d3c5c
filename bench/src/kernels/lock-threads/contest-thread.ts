/** A thread that takes part in contests: it takes the lock until all turns of the round are taken. */
import { locks as webLocks } from 'node:worker_threads';
import {
  type LockPlace,
  McsLock,
  type Seat,
  ThreadMutex,
  ThreadReadWriteLock,
  ThreadSemaphore,
  TicketLock,
} from '@quorate/lock/shared';
import type { MemberId, StructView, Team } from '@quorate/threads';
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
  /** Turns of each thread that all ask for at the same moment; 0 where they take them as they come. */
  readonly stepsEach: number;
}

/** What is done under the lock, in plain words; both say whether there was a turn to take. */
interface Visits {
  readonly now: () => boolean;
  readonly overTurn: () => Promise<boolean>;
}

function visitsTo({ left, inside, overlaps }: StructView<typeof Contest>): Visits {
  const enter = (): number => {
    if (inside[0] !== 0) overlaps[0] = (overlaps[0] as number) + 1;
    inside[0] = 1;
    return left[0] as number;
  };
  /** @param before what `enter` found */
  const leave = (before: number): boolean => {
    if (before > 0) left[0] = before - 1;
    inside[0] = 0;
    return before > 0;
  };
  return {
    now: () => leave(enter()),
    overTurn: async () => {
      const before = enter();
      await new Promise(resolve => setImmediate(resolve));
      return leave(before);
    },
  };
}

/** Takes turns until there are none. How many. */
type Round = () => number | Promise<number>;

function blocking(take: () => { release(): void }, { now }: Visits): Round {
  return () => {
    for (let taken = 0; ; taken++) {
      const hold = take();
      const isTaken = now();
      hold.release();
      if (!isTaken) return taken;
    }
  };
}

/** Spins before it sleeps: whoever wakes is later than the others. */
const meetSpins = 1_000_000;

function meet(met: Int32Array, count: number): void {
  if (Atomics.add(met, 0, 1) + 1 === count) Atomics.notify(met, 0);
  for (let spins = 0; Atomics.load(met, 0) < count; spins++)
    if (spins > meetSpins) Atomics.wait(met, 0, Atomics.load(met, 0), 1);
}

function inLoop(visit: () => Promise<boolean>, { stepsEach, threads }: ContestOrder, met: Int32Array): Round {
  return async () => {
    if (stepsEach > 0) {
      for (let step = 1; step <= stepsEach; step++) {
        meet(met, step * threads);
        await visit();
      }
      return stepsEach;
    }
    for (let taken = 0; ; taken++) if (!(await visit())) return taken;
  };
}

function roundOf(order: ContestOrder, seat: Seat, visits: Visits, met: Int32Array): Round {
  const { kind, place, overTurn } = order;
  const visit = overTurn ? visits.overTurn : visits.now;
  switch (kind) {
    case 'mutex': {
      const mutex = ThreadMutex.attach(place, seat);
      return blocking(() => mutex.lock(), visits);
    }
    case 'mutex, async': {
      const mutex = ThreadMutex.attach(place, seat);
      const take = async (): Promise<boolean> => {
        const hold = await mutex.lockAsync();
        const isTaken = overTurn ? await visits.overTurn() : visits.now();
        hold.release();
        return isTaken;
      };
      return inLoop(take, order, met);
    }
    case 'semaphore of one': {
      const semaphore = ThreadSemaphore.attach(place, seat);
      return blocking(() => semaphore.acquire(), visits);
    }
    case 'read-write lock, writing': {
      const lock = ThreadReadWriteLock.attach(place, seat);
      return blocking(() => lock.write(), visits);
    }
    case 'ticket lock': {
      const lock = TicketLock.attach(place, seat);
      return blocking(() => lock.lock(), visits);
    }
    case 'MCS lock': {
      const lock = McsLock.attach(place, seat);
      return blocking(() => lock.lock(), visits);
    }
    case 'web locks':
      break;
  }
  return inLoop(() => webLocks.request('quorate:bench', () => visit()), order, met);
}

export const contestThread = serve(({ data, team, member }: WorkerContext<ContestOrder>) => {
  const { memory, index, threads } = data;
  const words = Contest.view(memory);
  const { round, arrived, done, met } = words;
  const turns = Turns.view(memory, Contest.size + index * Turns.size);
  return {
    run: async () => {
      const seat = { team: team as Team, member: member as MemberId };
      const run = roundOf(data, seat, visitsTo(words), met);
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
