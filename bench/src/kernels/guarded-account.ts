import { defineStruct } from '@quorate/threads';
import type { Context, Kernel } from '../suite.ts';
import { type Futex, FutexMutex } from './futex-mutex.ts';

/** A lock, and what only its holder may touch: plain words, which two threads at once would get wrong. */
const account = defineStruct([{ lock: 'int32' }, { balances: ['int32', 8] }]);
const visits = 40;
/** Additions to each balance in one visit, and steps of work of one's own between two: some microseconds each. */
const additions = 250;
const steps = 2000;

export function accountMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(account.size);
}

/** What the threads have added to each balance; less than they say if ever two were in at once. */
export function balancesIn(memory: SharedArrayBuffer): number[] {
  return [...account.view(memory).balances];
}

/** Threads that take turns at one lock: a visit adds to eight words, then the thread works for itself as long. */
export function lockedVisits(futex: Futex): (context: Context) => Kernel {
  return ({ group }) => {
    const { lock, balances } = account.view(group as SharedArrayBuffer);
    const mutex = new FutexMutex(lock, futex);
    return {
      ops: visits,
      counts: () => ({ waits: mutex.waits, wakes: mutex.wakes }),
      run() {
        let own = 1;
        for (let visit = 0; visit < visits; visit++) {
          mutex.lock();
          for (let round = 0; round < additions; round++) addOne(balances);
          mutex.unlock();
          for (let step = 0; step < steps; step++) own = Math.imul(own ^ (own >>> 15), 0x85eb_ca6b) + visit;
        }
        return own | 0;
      },
    };
  };
}

/** How much one `run` of {@link lockedVisits} adds to each balance. */
export const addedInRun: number = visits * additions;

function addOne(balances: Int32Array): void {
  for (let index = 0; index < balances.length; index++)
    balances[index] = ((balances[index] as number) + 1) | 0;
}
