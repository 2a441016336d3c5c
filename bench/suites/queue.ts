import { missing } from '@quorate/servers';
import { socketCloses } from '../src/kernels/lock/hand-off.ts';
import {
  backlog,
  bytesPerJob,
  claims,
  memoryOfSender,
  memoryOfWorker,
} from '../src/kernels/queue/backlog.ts';
import type { BacklogEngine } from '../src/kernels/queue/backlog-place.ts';
import { enqueue, handle } from '../src/kernels/queue/job-queue.ts';
import { queueKinds } from '../src/kernels/queue/queue-kinds.ts';
import { type Distance, recovery } from '../src/kernels/queue/recovery.ts';
import { syncs } from '../src/kernels/queue/syncs.ts';
import { idleLatency, twoProcesses } from '../src/kernels/queue/two-processes.ts';
import { type Program, services, syncedRedis, unchecked } from '../src/kernels/store/services.ts';
import { type Bench, defineSuite } from '../src/suite.ts';

const quorate = '@quorate/queue';

/** What all benches of a server have in common. */
function on(program: Program): Pick<Bench, 'unchecked' | 'slow' | 'surroundings' | 'skip'> {
  return {
    unchecked,
    slow: true,
    surroundings: services(program),
    skip: () => missing(program),
  };
}

/** On LMDB, beside BullMQ on a Redis that syncs each write. */
const embedded = {
  unchecked,
  slow: true,
  surroundings: syncedRedis,
  skip: (contender: string) => (contender === bullmqSynced ? missing('redis') : undefined),
} as const;
const bullmqSynced = 'BullMQ, AOF always';
const onLmdb = `${quorate}, LMDB synced`;
const onLmdbInline = `${onLmdb}, commits inline`;

const syncAndMore = 'a sync and 0.3 ms';

const onRedis = `${quorate}, Redis`;
const onNats = `${quorate}, JetStream`;
const onPostgres = `${quorate}, PostgreSQL`;
const socket = 'unix socket closes';
/** Why a contender cannot be measured here. */
const missingFor: Readonly<Record<string, () => string | undefined>> = {
  [onRedis]: () => missing('redis'),
  [onNats]: () => missing('nats'),
  [onPostgres]: () => missing('postgres'),
};

const behind = `${quorate}, behind a backlog`;
const aJob = 'a job of the backlog';
const ofSender = 'memory of a process that has sent it';
const ofWorker = 'memory of a process that works beside it';

/** How fast claims are beside a backlog, and what that takes. */
function backlogBenches(engine: BacklogEngine, title: string, counted: string): Bench[] {
  const common = {
    params: { ready: [10_000], delayed: [10_000], 'at a time': [100], jobs: [4000] },
    fullParams: { ready: [1_000_000], delayed: [1_000_000] },
    unchecked,
    slow: true,
    surroundings: backlog(engine),
    skip: () => (engine === 'lmdb' ? undefined : missing(engine)),
  };
  return [
    {
      name: `claims beside a backlog, ${title}`,
      about: 'leased and settled by the verbs of the store, of a queue that stays as long as it is',
      ...common,
      contenders: { [behind]: claims('full'), 'an empty queue': claims('empty') },
      goals: [{ of: behind, to: 'an empty queue', atMost: 1 / 0.8 }],
    },
    {
      name: `size of a backlog, ${title}`,
      about: `what a job takes ${counted}; and the most that a process has in memory, with what it maps, and what is its own`,
      ...common,
      unit: 'bytes',
      contenders: {
        [aJob]: bytesPerJob,
        [ofSender]: memoryOfSender('peak'),
        [`${ofSender}, its own`]: memoryOfSender('own'),
        [ofWorker]: memoryOfWorker('peak'),
        [`${ofWorker}, its own`]: memoryOfWorker('own'),
      },
      controls: [ofSender, `${ofSender}, its own`, ofWorker, `${ofWorker}, its own`],
      goals: [
        { of: aJob, limit: 300 },
        { of: ofSender, limit: 250e6 },
        { of: ofWorker, limit: 250e6 },
      ],
    },
  ];
}

/** How soon another process has what a killed one was handling. */
function recoveryBenches(): Bench[] {
  const common = {
    params: { kills: [1] },
    fullParams: { kills: [5] },
    slow: true,
    unchecked: 'it measures the death of processes',
    surroundings: services('redis', 'nats', 'postgres'),
    skip: (contender: string) => missingFor[contender]?.(),
    controls: [socket],
  };
  const between = (distance: Distance): Bench['contenders'] => ({
    [onRedis]: recovery('redis', distance),
    [onNats]: recovery('nats', distance),
    [onPostgres]: recovery('postgres', distance),
    [socket]: socketCloses,
  });
  return [
    {
      name: 'recovery after kill -9, one machine',
      about:
        'from the kill of a process whose handler runs until the handler of another has the same job, under leases of ten minutes. BullMQ looks for such jobs every 30 s, so that it is left out. The control is when the system closes a socket of the process',
      ...common,
      contenders: { [onLmdb]: recovery('lmdb', 'one machine'), ...between('one machine') },
      goals: [onLmdb, onRedis, onNats, onPostgres].map(of => ({ of, limit: 1e9 })),
    },
    {
      name: 'recovery after kill -9, two machines',
      about: 'the same under leases of 2 s, where the workers know nothing of each other',
      ...common,
      contenders: between('two machines'),
      goals: [onRedis, onNats, onPostgres].map(of => ({ of, limit: 4e9 })),
    },
  ];
}

export default defineSuite({
  name: 'queue',
  about:
    'Jobs of 100 bytes that are sent, handled and settled: ours with leases that are kept, attempts that are charged, retries and dead letters; without ids of the sender’s, keys, lanes, delays, limits and schedules.',
  benches: [
    {
      name: 'enqueue, embedded',
      about: 'jobs that are on disk when the call is over',
      params: { 'in flight': [100], jobs: [8000] },
      ...embedded,
      contenders: { [onLmdb]: enqueue(queueKinds.lmdb), [bullmqSynced]: enqueue(queueKinds.bullmq) },
      goals: [{ of: onLmdb, to: bullmqSynced, atMost: 1 / 3 }],
    },
    {
      name: 'two processes, embedded',
      about: 'one sends, on disk, while the other handles',
      params: { 'in flight': [100], jobs: [8000] },
      ...embedded,
      contenders: { [onLmdb]: twoProcesses('lmdb'), [bullmqSynced]: twoProcesses('bullmq') },
      goals: [{ of: onLmdb, to: bullmqSynced, atMost: 1 / 5 }],
    },
    {
      name: 'enqueue, Redis',
      params: { 'in flight': [100], jobs: [8000] },
      ...on('redis'),
      contenders: { [quorate]: enqueue(queueKinds.redis), BullMQ: enqueue(queueKinds.bullmq) },
      goals: [{ of: quorate, to: 'BullMQ', atMost: 1 / 2 }],
    },
    {
      name: 'handle, Redis',
      params: { 'at a time': [100], jobs: [8000] },
      ...on('redis'),
      contenders: { [quorate]: handle(queueKinds.redis), BullMQ: handle(queueKinds.bullmq) },
      goals: [{ of: quorate, to: 'BullMQ', atMost: 1 / 3.4 }],
    },
    {
      name: 'enqueue, PostgreSQL',
      params: { 'in flight': [100], jobs: [4000] },
      ...on('postgres'),
      controls: ['SQL by hand'],
      contenders: {
        [quorate]: enqueue(queueKinds.postgres),
        'pg-boss': enqueue(queueKinds['pg-boss']),
        'graphile-worker': enqueue(queueKinds.graphile),
        'SQL by hand': enqueue(queueKinds['raw PostgreSQL']),
      },
      goals: [
        { of: quorate, to: 'pg-boss', atMost: 1 / 14 },
        { of: quorate, to: 'graphile-worker', atMost: 1 / 14 },
      ],
    },
    {
      name: 'handle, PostgreSQL',
      params: { 'at a time': [100], jobs: [8000] },
      ...on('postgres'),
      contenders: {
        [quorate]: handle(queueKinds.postgres),
        'pg-boss': handle(queueKinds['pg-boss']),
        'graphile-worker': handle(queueKinds.graphile),
        'SQL by hand': handle(queueKinds['raw PostgreSQL']),
      },
      goals: [{ of: quorate, to: 'SQL by hand', atMost: 2 }],
    },
    {
      name: 'enqueue, JetStream',
      params: { 'in flight': [100], jobs: [8000] },
      ...on('nats'),
      contenders: {
        [quorate]: enqueue(queueKinds.nats),
        'JetStream by hand': enqueue(queueKinds['raw JetStream']),
      },
      goals: [{ of: quorate, to: 'JetStream by hand', atMost: 1 / 0.8 }],
    },
    {
      name: 'handle, JetStream',
      params: { 'at a time': [100], jobs: [8000] },
      ...on('nats'),
      contenders: {
        [quorate]: handle(queueKinds.nats),
        'JetStream by hand': handle(queueKinds['raw JetStream']),
      },
      goals: [{ of: quorate, to: 'JetStream by hand', atMost: 1 / 0.8 }],
    },
    {
      name: 'handle, memory',
      about:
        'in one process: with leases and all else, by the verbs of the store alone, and beside a queue that has nothing of the kind',
      params: { 'at a time': [100], jobs: [100_000] },
      contenders: {
        [quorate]: handle(queueKinds.memory),
        'the store alone': handle(queueKinds['memory, bare']),
        fastq: handle(queueKinds.fastq),
      },
      unchecked: 'its jobs are made in the same process, whose garbage they are',
      goals: [
        { of: 'the store alone', to: 'fastq', atMost: 1 / 0.3 },
        { of: quorate, limit: 1e9 / 300_000 },
      ],
    },
    {
      name: 'idle latency, Redis',
      about: 'from the call that sends in one process until the handler in another has it: the median',
      params: { jobs: [200] },
      ...on('redis'),
      contenders: { [quorate]: idleLatency('redis'), BullMQ: idleLatency('bullmq') },
      goals: [{ of: quorate, to: 'BullMQ', atMost: 1 }],
    },
    {
      name: 'idle latency, embedded',
      about:
        'the same on LMDB, where the job is on disk before it can be handled, beside a bare sync of a file',
      params: { jobs: [200] },
      ...embedded,
      controls: ['a sync'],
      contenders: {
        [onLmdb]: idleLatency('lmdb'),
        [onLmdbInline]: idleLatency('lmdb, inline'),
        'a sync': syncs(),
        [syncAndMore]: syncs(300_000),
        [bullmqSynced]: idleLatency('bullmq'),
      },
      goals: [onLmdb, onLmdbInline].map(of => ({ of, to: syncAndMore, atMost: 1 })),
    },
    ...recoveryBenches(),
    ...backlogBenches('lmdb', 'embedded', 'on the disk, log included'),
    ...backlogBenches('redis', 'Redis', "of the server's memory"),
    ...backlogBenches('nats', 'JetStream', 'of the stream’s files'),
    ...backlogBenches('postgres', 'PostgreSQL', 'of the database, indexes included'),
  ],
});
