import { missing } from '@quorate/servers';
import { calls, slowCalls } from '../src/kernels/replication/cluster-client.ts';
import { etcd, inMemory, onDisk, ours, oursByLease, redisWait } from '../src/kernels/replication/clusters.ts';
import { coreCommits } from '../src/kernels/replication/core-commits.ts';
import { failovers } from '../src/kernels/replication/failovers.ts';
import { type Bench, defineSuite } from '../src/suite.ts';

const quorate = '@quorate/replication';
const lease = '@quorate/replication, lease';
const wait = 'Redis, WAIT 1';

const unchecked = 'it measures three processes that take turns on the cores';
/** Fewer each where there are many: a call of the kernel is some tens of milliseconds. */
const turns = (clients: number): number => (clients === 1 ? 50 : clients < 1000 ? 10 : 2);
const withEtcd = {
  unchecked,
  slow: true,
  surroundings: onDisk,
  skip: (contender: string) => (contender === 'etcd' ? missing('etcd') : undefined),
} as const;

/** @param atMost of etcd's time */
function writesOnDisk(clients: number, atMost: number): Bench {
  return {
    name: `writes on disk, ${clients} under way`,
    about:
      '100 bytes, synced by a majority of three processes before they are answered; one client process, which talks to the leader',
    params: { clients: [clients] },
    ...withEtcd,
    warmupCycles: 20,
    contenders: { [quorate]: calls(ours, 'write', turns), etcd: calls(etcd, 'write', turns) },
    goals: [{ of: quorate, to: 'etcd', atMost }],
  };
}

const writes: Bench[] = [
  writesOnDisk(1, 1 / 2),
  writesOnDisk(100, 1 / 4),
  writesOnDisk(1000, 1 / 8),
  {
    name: 'writes on disk, p99',
    about: 'within this time 99 of a hundred such writes were answered',
    params: { clients: [100] },
    ...withEtcd,
    contenders: { [quorate]: slowCalls(ours, 'write', () => 10), etcd: slowCalls(etcd, 'write', () => 10) },
    goals: [{ of: quorate, to: 'etcd', atMost: 0.4 }],
  },
  {
    name: 'writes in memory',
    about:
      'the same without disks, beside a Redis that writes nothing and waits for one of its two replicas; a majority of three is the leader and one more',
    params: { clients: [1, 100] },
    unchecked,
    slow: true,
    surroundings: inMemory,
    skip: contender => (contender === wait ? missing('redis') : undefined),
    warmupCycles: 20,
    contenders: { [quorate]: calls(ours, 'write', turns), [wait]: calls(redisWait, 'write', turns) },
    goals: [{ of: quorate, to: wait, atMost: 1 / 2 }],
  },
];

const reads: Bench = {
  name: 'reads',
  about:
    'linearizable, of 100 bytes; by the lease the leader asks nobody, which rests on clocks that run alike',
  params: { clients: [100] },
  ...withEtcd,
  warmupCycles: 20,
  contenders: {
    [quorate]: calls(ours, 'read', turns),
    [lease]: calls(oursByLease, 'read', turns),
    etcd: calls(etcd, 'read', turns),
  },
  goals: [
    { of: quorate, to: 'etcd', atMost: 1 / 4 },
    { of: lease, to: quorate, atMost: 1 / 3 },
  ],
};

/** @param commitsPerSecond at the least */
function core(proposals: number, commitsPerSecond: number): Bench {
  return {
    name: `core, ${proposals} at once`,
    about: 'commits by three cores in one thread: no disk, no network, 100 bytes each',
    params: { proposals: [proposals] },
    contenders: { [quorate]: coreCommits() },
    goals: [{ of: quorate, limit: 1e9 / commitsPerSecond }],
  };
}

const electionTimeoutMs = 300;

const failover: Bench = {
  name: 'failover, p99',
  about:
    'from the kill -9 of the leader until the next write is committed, for a client that tries the others; replicas wait 300 to 600 ms for a leader, up to 375 ms where its connection broke',
  unchecked,
  slow: true,
  contenders: { [quorate]: failovers(20, electionTimeoutMs) },
  goals: [{ of: quorate, limit: 2.5 * electionTimeoutMs * 1e6 }],
};

export default defineSuite({
  name: 'replication',
  about: 'Replicated writes and reads, three processes on this machine, beside etcd and Redis.',
  benches: [core(1, 500_000), core(64, 1_000_000), ...writes, reads, failover],
});
