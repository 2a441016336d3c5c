import { missing, startEtcdCluster, startRedis } from '@quorate/servers';
import type { Surroundings } from '../../suite.ts';
import type { OpenClient } from './cluster-client.ts';
import { openEtcdClient } from './etcd-client.ts';
import { openRedisWaitClient } from './redis-wait-client.ts';
import { openReplicaClient } from './replica-client.ts';
import { ReplicaCluster } from './replica-cluster.ts';

const names = {
  ours: 'QUORATE_BENCH_REPLICAS',
  etcd: 'QUORATE_BENCH_ETCD',
  redis: 'QUORATE_BENCH_REPLICATED',
};

/** Three replicas of ours that sync to disk, and three members of etcd, which does too. */
export async function onDisk(): Promise<Surroundings> {
  return started(async (stack, environment) => {
    environment[names.ours] = addressesOf(stack.use(await ReplicaCluster.start({ durable: true })));
    if (missing('etcd') !== undefined) return;
    const { members } = stack.use(await startEtcdCluster());
    environment[names.etcd] = members.map(({ port }) => port).join(',');
  });
}

/** Three replicas of ours that write nothing, and a Redis with two replicas that write nothing. */
export async function inMemory(): Promise<Surroundings> {
  return started(async (stack, environment) => {
    environment[names.ours] = addressesOf(stack.use(await ReplicaCluster.start({ durable: false })));
    if (missing('redis') !== undefined) return;
    const primary = stack.use(await startRedis());
    environment[names.redis] = String(primary.port);
    for (let replica = 0; replica < 2; replica++) {
      stack.use(await startRedis({ args: ['--replicaof', '127.0.0.1', String(primary.port)] }));
    }
  });
}

export const ours: OpenClient = () => openReplicaClient(addresses());
export const oursByLease: OpenClient = () => openReplicaClient(addresses(), 'lease');
export const etcd: OpenClient = () => openEtcdClient(valueOf(names.etcd).split(',').map(Number));
export const redisWait: OpenClient = async () => openRedisWaitClient(Number(valueOf(names.redis)));

function addresses(): Readonly<Record<string, string>> {
  return JSON.parse(valueOf(names.ours)) as Readonly<Record<string, string>>;
}

function addressesOf(cluster: ReplicaCluster): string {
  return JSON.stringify(cluster.addresses);
}

function valueOf(name: string): string {
  const value = process.env[name];
  if (value !== undefined) return value;
  throw new Error(`Environment must have ${name}: bench/src/kernels/replication/clusters.ts sets it`);
}

async function started(
  start: (stack: AsyncDisposableStack, environment: Record<string, string>) => Promise<void>,
): Promise<Surroundings> {
  const stack = new AsyncDisposableStack();
  const environment: Record<string, string> = {};
  try {
    await start(stack, environment);
  } catch (thrown) {
    await stack.disposeAsync();
    throw thrown;
  }
  return { environment, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}
