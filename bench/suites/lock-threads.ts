import {
  barePair,
  mcsAlone,
  mutexAlone,
  mutexAsyncAlone,
  readAlone,
  semaphoreAlone,
  ticketAlone,
  webLocksAlone,
  writeAlone,
} from '../src/kernels/lock-threads/alone.ts';
import { contest } from '../src/kernels/lock-threads/contest.ts';
import { deadHolder } from '../src/kernels/lock-threads/dead-holder.ts';
import { type Bench, defineSuite } from '../src/suite.ts';

const mutex = '@quorate/lock ThreadMutex';
const mutexAsync = '@quorate/lock ThreadMutex, async';
const semaphore = '@quorate/lock ThreadSemaphore';
const reading = '@quorate/lock ThreadReadWriteLock, reading';
const writing = '@quorate/lock ThreadReadWriteLock, writing';
const ticket = '@quorate/lock TicketLock';
const mcs = '@quorate/lock McsLock';
const webLocks = 'worker_threads.locks';
const ms = 1e6;
const unchecked = 'it measures threads that take turns on the cores';

/** In the suite `lock`, too: it shows that the control lets two in at once. */
export const exclusion: Bench = {
  name: 'between threads, in step',
  about:
    'threads ask for the lock at the same moment, turn after turn, and hold it while their loops go round once. Counted per turn: turns lost, and how often a thread was not alone under the lock, which is never with one that excludes',
  params: { contenders: [2] },
  blocking: true,
  unchecked,
  contenders: {
    [mutexAsync]: contest('mutex, async', { turns: 1000, overTurn: true, inStep: true }),
    [webLocks]: contest('web locks', { turns: 1000, overTurn: true, inStep: true }),
  },
};

/** In the suite `lock`, where locks of all kinds are seen beside each other. */
export const contention: Bench = {
  name: 'between threads',
  about:
    'threads take turns at one lock as fast as they can, and count in plain words under it. Counted per turn: least and most that a thread took, share of the time in which all were at it, turns lost',
  params: { contenders: [1, 2, 4] },
  blocking: true,
  unchecked,
  contenders: {
    [mutex]: contest('mutex', { turns: 400_000 }),
    [mutexAsync]: contest('mutex, async', { turns: 100_000 }),
    [semaphore]: contest('semaphore of one', { turns: 200_000 }),
    [writing]: contest('read-write lock, writing', { turns: 200_000 }),
    [ticket]: contest('ticket lock', { turns: 20_000 }),
    [mcs]: contest('MCS lock', { turns: 20_000 }),
    [webLocks]: contest('web locks', { turns: 4000 }),
  },
  goals: [{ of: mutex, to: webLocks, atMost: 1 / 100 }],
};

export default defineSuite({
  name: 'lock-threads',
  about:
    'Locks between threads of one process, in memory that they share. The control is not mutually exclusive.',
  benches: [
    {
      name: 'uncontended',
      about: 'take and give back what nobody else wants',
      controls: ['two compare-and-swaps'],
      contenders: {
        [mutex]: mutexAlone,
        [mutexAsync]: mutexAsyncAlone,
        [semaphore]: semaphoreAlone,
        [reading]: readAlone,
        [writing]: writeAlone,
        [ticket]: ticketAlone,
        [mcs]: mcsAlone,
        [webLocks]: webLocksAlone,
        'two compare-and-swaps': barePair,
      },
      goals: [
        { of: mutex, to: webLocks, atMost: 1 / 100 },
        { of: mutex, limit: 40 },
      ],
    },
    {
      name: 'held over a turn',
      about: 'the same in event loops: who has the lock lets its loop go round once before it gives it back',
      params: { contenders: [4] },
      blocking: true,
      unchecked,
      contenders: {
        [mutexAsync]: contest('mutex, async', { turns: 10_000, overTurn: true }),
        [webLocks]: contest('web locks', { turns: 4000, overTurn: true }),
      },
      goals: [{ of: mutexAsync, to: webLocks, atMost: 1 / 6 }],
    },
    exclusion,
    {
      name: 'death of the holder',
      about:
        'from the call that terminates the thread that holds it until the thread that blocks for it has it; the median of 15',
      slow: true,
      unchecked: 'it measures how threads are stopped',
      contenders: { [mutex]: () => deadHolder(15) },
      goals: [{ of: mutex, limit: 10 * ms }],
    },
  ],
});
