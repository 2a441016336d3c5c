import { locks as webLocks } from 'node:worker_threads';
import { McsLock, ThreadMutex, ThreadReadWriteLock, ThreadSemaphore, TicketLock } from '@quorate/lock/shared';
import { type MemberId, type Team, createTeam } from '@quorate/threads';
import type { Kernel, Setup } from '../../suite.ts';

const pairs = 10_000;
const asyncPairs = 500;

function seat(): { team: Team; member: MemberId } {
  const team = createTeam();
  return { team, member: team.join() };
}

/** Takes and gives back what nobody else wants, blocking. */
function pairsOf(
  open: (seat: { team: Team; member: MemberId }) => () => { release(): void; isHeld: boolean },
): Setup {
  return (): Kernel => {
    const take = open(seat());
    return {
      ops: pairs,
      run() {
        let held = 0;
        for (let count = 0; count < pairs; count++) {
          const hold = take();
          held += hold.isHeld ? 1 : 0;
          hold.release();
        }
        return held;
      },
    };
  };
}

export const mutexAlone: Setup = pairsOf(own => {
  const mutex = ThreadMutex.create(own);
  return () => mutex.lock();
});

export const readAlone: Setup = pairsOf(own => {
  const lock = ThreadReadWriteLock.create(own);
  return () => lock.read();
});

export const writeAlone: Setup = pairsOf(own => {
  const lock = ThreadReadWriteLock.create(own);
  return () => lock.write();
});

export const semaphoreAlone: Setup = pairsOf(own => {
  const semaphore = ThreadSemaphore.create({ ...own, permits: 4 });
  return () => semaphore.acquire();
});

export const ticketAlone: Setup = pairsOf(own => {
  const lock = TicketLock.create(own);
  return () => lock.lock();
});

export const mcsAlone: Setup = pairsOf(own => {
  const lock = McsLock.create(own);
  return () => lock.lock();
});

export function mutexAsyncAlone(): Kernel {
  const mutex = ThreadMutex.create(seat());
  return {
    ops: pairs,
    async run() {
      let held = 0;
      for (let count = 0; count < pairs; count++) {
        const hold = await mutex.lockAsync();
        held += hold.isHeld ? 1 : 0;
        hold.release();
      }
      return held;
    },
  };
}

/** What Node brings along. */
export function webLocksAlone(): Kernel {
  return {
    ops: asyncPairs,
    async run() {
      let held = 0;
      for (let count = 0; count < asyncPairs; count++)
        held += await webLocks.request('quorate:bench:alone', lock => (lock === null ? 0 : 1));
      return held;
    },
  };
}

/** A word changed and changed back: the least that a lock in shared memory can cost. */
export function barePair(): Kernel {
  const word = new Int32Array(new SharedArrayBuffer(4));
  return {
    ops: pairs,
    run() {
      let held = 0;
      for (let count = 0; count < pairs; count++) {
        held += Atomics.compareExchange(word, 0, 0, 1) === 0 ? 1 : 0;
        Atomics.compareExchange(word, 0, 1, 0);
      }
      return held;
    },
  };
}
