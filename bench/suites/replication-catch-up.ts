import { catchingUp, writesInStep, writesWhileCatchingUp } from '../src/kernels/replication/catching-up.ts';
import { laggingCluster } from '../src/kernels/replication/lagging-cluster.ts';
import { type Bench, defineSuite } from '../src/suite.ts';

const inStep = 'in step';
const behind = '@quorate/replication, one catches up';

const common = {
  unchecked: 'it measures three processes that take turns on the cores',
  slow: true,
  surroundings: laggingCluster,
} as const;

const params = { from: ['log', 'snapshot'], behind: [100_000], rate: [1000] } as const;
const fullParams = { behind: [1_000_000] } as const;

const p99: Bench = {
  name: 'writes, p99',
  about:
    '100 bytes, on disk at a majority, so many a second whatever the earlier ones take, and from when they were due: while a follower that was down for so many entries catches up, and while all are in step',
  params,
  fullParams,
  ...common,
  contenders: { [behind]: writesWhileCatchingUp(), [inStep]: writesInStep() },
  goals: [{ of: behind, to: inStep, atMost: 2 }],
};

const time: Bench = {
  name: 'time until in step',
  about:
    'from when the follower that was down takes part until it has applied what the leader has, under that load',
  params,
  fullParams,
  ...common,
  contenders: { [behind]: catchingUp() },
};

export default defineSuite({
  name: 'replication-catch-up',
  about:
    'What others notice while a follower that is far behind catches up: three processes on this machine.',
  benches: [p99, time],
});
