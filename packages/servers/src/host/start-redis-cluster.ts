import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './free-port.ts';
import { askRedis } from './probe.ts';
import { type Server } from './server-process.ts';
import { startRedis } from './start-redis.ts';

/** A Redis Cluster of masters alone, each with a third of the slots. */
export interface RedisCluster extends AsyncDisposable {
  readonly nodes: readonly Server[];
}

const NODES = 3;
const SLOTS = 16_384;
const READY_MS = 60_000;

/** Starts three masters and makes a cluster of them; ready when each of them says so. */
export async function startRedisCluster(
  options: { readonly args?: readonly string[] } = {},
): Promise<RedisCluster> {
  const nodes: Server[] = [];
  const cluster: RedisCluster = {
    nodes,
    [Symbol.asyncDispose]: async () => {
      await Promise.all(nodes.map(node => node[Symbol.asyncDispose]()));
    },
  };
  try {
    for (let index = 0; index < NODES; index++) {
      const busPort = await freePort();
      const args = [
        '--cluster-enabled',
        'yes',
        '--cluster-port',
        `${busPort}`,
        '--cluster-node-timeout',
        '2000',
      ];
      const node = await startRedis({ args: [...args, ...(options.args ?? [])] });
      nodes.push(node);
      const from = Math.ceil((index * SLOTS) / NODES);
      const to = Math.ceil(((index + 1) * SLOTS) / NODES) - 1;
      await askRedis(node.port, 'CLUSTER', 'ADDSLOTSRANGE', `${from}`, `${to}`);
      await askRedis(node.port, 'CLUSTER', 'SET-CONFIG-EPOCH', `${index + 1}`);
      if (index > 0) {
        await askRedis(nodes[0]!.port, 'CLUSTER', 'MEET', '127.0.0.1', `${node.port}`, `${busPort}`);
      }
    }
    await becomesReady(nodes);
    return cluster;
  } catch (thrown) {
    await cluster[Symbol.asyncDispose]();
    throw thrown;
  }
}

async function becomesReady(nodes: readonly Server[]): Promise<void> {
  const dueMs = Date.now() + READY_MS;
  for (;;) {
    const states = await Promise.all(nodes.map(({ port }) => askRedis(port, 'CLUSTER', 'INFO')));
    const isReady = (text: string): boolean =>
      text.includes('cluster_state:ok') && text.includes(`cluster_known_nodes:${NODES}`);
    if (states.every(isReady)) return;
    if (Date.now() > dueMs)
      throw new Error(`The cluster was not ready within ${READY_MS} ms:\n${states.join('\n')}`);
    await sleep(20);
  }
}
