import {
  type LockPlace,
  type LockReport,
  McsLock,
  ThreadMutex,
  ThreadReadWriteLock,
  ThreadSemaphore,
  TicketLock,
} from '@quorate/lock/shared';
import { type MemberId, type Team, createTeam, parkAsync, spawn } from '@quorate/threads';
import { overlapOf } from '../../measure/thread-group.ts';
import type { Setup } from '../../suite.ts';
import { Contest, Turns, contestBytes } from './contest-memory.ts';
import type { ContestKind, contestThread } from './contest-thread.ts';

/** What a contest is about. */
export interface ContestOptions {
  /** Turns in a round; enough that a round takes some milliseconds. */
  readonly turns: number;
  /** Hold the lock over a turn of the event loop. */
  readonly overTurn?: boolean;
  /** Ask for each turn at the same moment, instead of as they come: the async locks only. */
  readonly inStep?: boolean;
}

interface Ground {
  readonly place: LockPlace;
  describe?(): LockReport;
}

const grounds: Record<ContestKind, (seat: { team: Team; member: MemberId }) => Ground> = {
  mutex: seat => ThreadMutex.create(seat),
  'mutex, async': seat => ThreadMutex.create(seat),
  'semaphore of one': seat => ThreadSemaphore.create({ ...seat, permits: 1 }),
  'read-write lock, writing': seat => ThreadReadWriteLock.create(seat),
  'ticket lock': seat => TicketLock.create(seat),
  'MCS lock': seat => McsLock.create(seat),
  'web locks': seat => ThreadMutex.create(seat),
};

/**
 * So many threads take turns at one lock, as fast as they can, until all turns of a round are taken.
 *
 * It counts, per turn: the least and the most that one thread took (their ratio is the fairness), the share of the longest
 * thread's time in which all were at it, turns that were lost because two were in at once, how often somebody was not alone,
 * how often a thread went to sleep and was woken.
 */
export function contest(
  kind: ContestKind,
  { turns, overTurn = false, inStep = false }: ContestOptions,
): Setup {
  return async context => {
    const threads = context.number('contenders');
    const team = createTeam();
    const ground = grounds[kind]({ team, member: team.join() });
    const memory = new SharedArrayBuffer(contestBytes(threads));
    const words = Contest.view(memory);
    const each = Array.from({ length: threads }, (_, index) =>
      Turns.view(memory, Contest.size + index * Turns.size),
    );
    const workers = await Promise.all(
      each.map((_, index) => {
        const stepsEach = inStep ? turns / threads : 0;
        const data = { memory, place: ground.place, index, threads, kind, overTurn, stepsEach };
        return spawn<typeof contestThread>(new URL('contest-thread.ts', import.meta.url), { team, data });
      }),
    );
    const loops = workers.map(worker => worker.call('run'));
    const totals = { least: 0, most: 0, overlap: 0, lost: 0, 'not alone': 0 };
    return {
      ops: turns,
      counts: () => {
        const { waits = 0, wakes = 0 } = ground.describe?.() ?? {};
        return { ...totals, waits, wakes };
      },
      async run() {
        words.left[0] = turns;
        words.inside[0] = 0;
        words.overlaps[0] = 0;
        Atomics.store(words.arrived, 0, 0);
        Atomics.store(words.done, 0, 0);
        Atomics.store(words.met, 0, 0);
        Atomics.add(words.round, 0, 1);
        Atomics.notify(words.round, 0);
        for (let done = 0; done < threads; done = Atomics.load(words.done, 0))
          await parkAsync(words.done, 0, done);
        const taken = each.map(view => view.taken[0] as number);
        totals.least += Math.min(...taken);
        totals.most += Math.max(...taken);
        const windows = each.map(view => ({
          startNs: view.startNs[0] as number,
          endNs: view.endNs[0] as number,
        }));
        totals.overlap += overlapOf(windows) * turns;
        // What two counted down at once was counted down once: more turns were taken than there were, or some are left.
        totals.lost +=
          Math.abs(taken.reduce((sum, count) => sum + count, 0) - turns) + (words.left[0] as number);
        totals['not alone'] += words.overlaps[0] as number;
        return turns;
      },
      async close() {
        Atomics.store(words.round, 0, -1);
        Atomics.notify(words.round, 0);
        await Promise.all(loops);
        await Promise.all(workers.map(worker => worker.close()));
      },
    };
  };
}
