import { quantile } from '../../statistics/quantile.ts';
import type { Quantity, Setup } from '../../suite.ts';
import { openReplicaClient } from './replica-client.ts';
import { ReplicaCluster } from './replica-cluster.ts';

const value = new Uint8Array(100).fill(120);

/**
 * A client writes one key after the other without a pause. Its leader is killed with `kill -9`; the time is from the kill until
 * the next write is committed by somebody else. The worst of ninety-nine in a hundred, ns.
 */
export function failovers(kills: number, electionTimeoutMs: number): Setup {
  return async (): Promise<Quantity> => {
    await using cluster = await ReplicaCluster.start({ durable: true, electionTimeoutMs });
    const client = await openReplicaClient(cluster.addresses);
    const gaps: number[] = [];
    for (let turn = 0; turn < kills; turn++) {
      const leader = await cluster.leader();
      for (let write = 0; write < 20; write++) await client.write(`before-${turn}-${write}`, value);
      const startMs = performance.now();
      await leader.kill();
      await client.write(`after-${turn}`, value);
      gaps.push(performance.now() - startMs);
      await cluster.restart(leader);
      // What was acknowledged is still there.
      for (const key of [`before-${turn}-19`, `after-${turn}`]) {
        if ((await client.read(key))?.length !== value.length) throw new Error(`Key "${key}" was lost`);
      }
    }
    await client.close();
    return { quantity: quantile(gaps, 0.99) * 1e6 };
  };
}
