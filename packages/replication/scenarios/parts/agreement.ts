import { type NodeId, sleep } from '@quorate/core';
import type { ClientEnv } from '@quorate/sim';
import type { ReplicaStatus } from '../../src/index.ts';
import type { Calls } from './calls.ts';

/** What a replica says of itself to whoever asks. */
export type SeenStatus = Pick<
  ReplicaStatus,
  'role' | 'term' | 'membership' | 'committed' | 'applied' | 'loss'
>;

const askMs = 500;
const againMs = 100;

/** Waits until every member has applied what the leader has committed, and knows what it lost; a joint configuration is left. */
export async function seeAgreement(env: ClientEnv, calls: Calls): Promise<void> {
  for (;;) {
    const statuses = await statusesOf(env, calls);
    const leader = latestLeader(statuses);
    if (leader !== undefined) {
      const [id, { committed, membership }] = leader;
      const { voters, votersOutgoing, learners } = membership;
      const members = [...voters, ...learners];
      const isAgreed = members.every(member => {
        const status = statuses.get(member);
        return status !== undefined && status.applied === committed && status.loss === 'none';
      });
      if (votersOutgoing.length > 0) await calls.ask(id, 'change', [{}, 'auto'], askMs);
      else if (isAgreed) {
        env.observe({ type: 'agreed', committed, members });
        return;
      }
    }
    await sleep(env.clock, againMs);
  }
}

/** What those nodes say that answer. */
export async function statusesOf(env: ClientEnv, calls: Calls): Promise<ReadonlyMap<NodeId, SeenStatus>> {
  const statuses = new Map<NodeId, SeenStatus>();
  await Promise.all(
    env.nodes.map(async node => {
      const answer = await calls.ask(node, 'status', [], askMs);
      if ('value' in answer) statuses.set(node, answer.value as SeenStatus);
    }),
  );
  return statuses;
}

/** Who leads in the highest term of those that are said to be led. */
export function latestLeader(
  statuses: ReadonlyMap<NodeId, SeenStatus>,
): readonly [id: NodeId, status: SeenStatus] | undefined {
  let latest: readonly [NodeId, SeenStatus] | undefined;
  for (const seen of statuses) {
    if (seen[1].role === 'leader' && seen[1].term > (latest?.[1].term ?? 0)) latest = seen;
  }
  return latest;
}
