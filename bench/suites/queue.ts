import { missing } from '@quorate/servers';
import { enqueue, handle } from '../src/kernels/queue/job-queue.ts';
import { queueKinds } from '../src/kernels/queue/queue-kinds.ts';
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

export default defineSuite({
  name: 'queue',
  about:
    'Jobs of 100 bytes that are sent, handled and settled, with everything that the queues offer switched on.',
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
        'a sync': syncs,
        [bullmqSynced]: idleLatency('bullmq'),
      },
    },
  ],
});
