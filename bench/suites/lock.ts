import { missing } from '@quorate/servers';
import { type Figure, contest, drain } from '../src/kernels/lock/contest.ts';
import { handOff, socketCloses } from '../src/kernels/lock/hand-off.ts';
import {
  asyncMutex,
  drainAsyncMutex,
  drainChain,
  drainOurs,
  ours,
  platformLocks,
} from '../src/kernels/lock/in-process.ts';
import { lockPairs } from '../src/kernels/lock/lock-pairs.ts';
import { rawNatsPairs } from '../src/kernels/lock/nats-pairs.ts';
import { atOnce, sequential } from '../src/kernels/lock/pairs.ts';
import { rawPostgresPairs } from '../src/kernels/lock/postgres-pairs.ts';
import { processes } from '../src/kernels/lock/processes.ts';
import { managers, redlocks, tasks } from '../src/kernels/lock/redis-crowds.ts';
import { rawFencedPairs, redlockPairs } from '../src/kernels/lock/redis-pairs.ts';
import { nats, postgres, redis } from '../src/kernels/store/engines.ts';
import { services, unchecked } from '../src/kernels/store/services.ts';
import { type Bench, defineSuite, type Goal } from '../src/suite.ts';
import { contention as betweenThreads, exclusion } from './lock-threads.ts';

const lock = '@quorate/lock';
const lockInline = '@quorate/lock, commits inline';
const lockOfOne = '@quorate/lock, one process';
const redlock = 'redlock 5';
const rawFenced = 'SET NX PX + INCR, compare and DEL';
const kvPair = 'KV create and delete';
const rowPair = 'row inserted and deleted';
const ms = 1e6;

const inProcess: Bench[] = [
  {
    name: 'in process',
    about: 'acquire and release what nobody else wants, in one thread; the control is shared by threads',
    slow: true,
    controls: ['worker_threads.locks'],
    contenders: { [lock]: ours, 'async-mutex': asyncMutex, 'worker_threads.locks': platformLocks },
    goals: [{ of: lock, to: 'async-mutex', atMost: 1 / 10 }],
  },
  {
    name: 'in process, waiters',
    about:
      'so many wait in line at once, and each lets go when it has its turn; an operation is one of them. async-mutex takes time in the square of their number, so of it there are a tenth',
    params: { waiters: [100_000] },
    slow: true,
    unchecked: 'most of its time are collections of what waits',
    controls: ['chain of promises'],
    contenders: {
      [lock]: context => drainOurs(context.number('waiters')),
      'async-mutex, a tenth as many': context => drainAsyncMutex(context.number('waiters') / 10),
      'chain of promises': context => drainChain(context.number('waiters')),
    },
    goals: [{ of: lock, limit: (150 * ms) / 100_000 }],
  },
];

const oneMachine: Bench[] = [
  {
    name: 'processes',
    about:
      'LMDB whose writes survive processes, committed inline; each process takes locks of its own, while the others do',
    params: { processes: [1, 4], 'at once': [1] },
    slow: true,
    warmupCycles: 5,
    unchecked: 'it measures processes that take turns on the cores',
    contenders: { [lockInline]: processes('inline', 200), 'proper-lockfile': processes('files', 200) },
    goals: [{ of: lockInline, to: 'proper-lockfile', atMost: 1 / 15 }],
  },
  {
    name: 'hand-off after kill -9',
    about:
      'from the kill of a process that holds a lock until the next in line has it, LMDB; proper-lockfile waits for 10 s. The control is when the system closes a socket of the process',
    slow: true,
    unchecked: 'it measures the death of processes',
    controls: ['unix socket closes'],
    contenders: { [lock]: handOff, 'unix socket closes': socketCloses },
    goals: [{ of: lock, limit: 5 * ms }],
  },
];

const onRedis = { unchecked, surroundings: services('redis'), skip: () => missing('redis') } as const;
const redisPairs = lockPairs(redis);

/** A mean is steady sooner than what one wait in a hundred exceeds. */
const contestMs: Readonly<Record<Figure, number>> = { 'p99 wait': 1200, 'time per acquisition': 600 };

function contention(figure: Figure, goals: readonly Goal[], others: Bench['contenders'] = {}): Bench {
  return {
    name: `Redis, contention, ${figure}`,
    about: 'contenders with connections of their own want one lock, hold it for 1 ms and think for up to 20',
    params: { contenders: [8], 'for ms': [contestMs[figure]] },
    ...onRedis,
    slow: true,
    contenders: { [lock]: contest(managers, figure), ...others, [redlock]: contest(redlocks, figure) },
    goals,
  };
}

const redisBenches: Bench[] = [
  {
    name: 'Redis',
    about: 'acquire and release one lock, one pair after the other; redlock has no fence',
    ...onRedis,
    warmupCycles: 30,
    contenders: {
      [lock]: sequential(redisPairs, 100),
      [rawFenced]: sequential(rawFencedPairs(), 100),
      [redlock]: sequential(redlockPairs(), 100),
    },
    goals: [
      { of: lock, to: rawFenced, atMost: 1 / 0.95 },
      { of: lock, to: redlock, atMost: 1 / 1.1 },
    ],
  },
  {
    name: 'Redis, 64 locks at once',
    about: 'of one process on one connection; an operation is a pair',
    ...onRedis,
    warmupCycles: 10,
    contenders: {
      [lock]: atOnce(redisPairs, 64, 5),
      [rawFenced]: atOnce(rawFencedPairs(), 64, 5),
      [redlock]: atOnce(redlockPairs(), 64, 5),
    },
    goals: [{ of: lock, to: redlock, atMost: 1 / 1.7 }],
  },
  contention('p99 wait', [{ of: lock, limit: 20 * ms }], { [lockOfOne]: contest(tasks, 'p99 wait') }),
  contention('time per acquisition', [{ of: lock, to: redlock, atMost: 1 / 5 }]),
  {
    name: 'Redis, waiters',
    about:
      'so many with connections of their own come at once, and nobody holds the lock for longer than it takes',
    params: { waiters: [200] },
    ...onRedis,
    slow: true,
    contenders: { [lock]: drain(managers), [lockOfOne]: drain(tasks), [redlock]: drain(redlocks, 1) },
    goals: [{ of: lock, limit: 60 * ms }],
  },
];

const others: Bench[] = [
  {
    name: 'NATS',
    about: 'acquire and release one lock, beside a key that is created and deleted at its revision',
    unchecked,
    slow: true,
    surroundings: services('nats'),
    skip: () => missing('nats'),
    contenders: { [lock]: sequential(lockPairs(nats), 20), [kvPair]: sequential(rawNatsPairs(), 20) },
    goals: [{ of: lock, to: kvPair, atMost: 1 / 0.6 }],
  },
  {
    name: 'PostgreSQL',
    about: 'acquire and release one lock, each on disk when it is answered',
    unchecked,
    slow: true,
    surroundings: services('postgres'),
    skip: () => missing('postgres'),
    contenders: {
      [lock]: sequential(lockPairs(postgres), 10, { call: false }),
      [rowPair]: sequential(rawPostgresPairs(), 10, { call: false }),
    },
    goals: [{ of: lock, to: rowPair, atMost: 1 / 0.9 }],
  },
];

export default defineSuite({
  name: 'lock',
  about:
    'Locks beside those that people use today: in one process, between threads and processes, on servers.',
  benches: [...inProcess, betweenThreads, exclusion, ...oneMachine, ...redisBenches, ...others],
});
