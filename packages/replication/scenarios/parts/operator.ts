import { type NodeId, sleep } from '@quorate/core';
import type { ClientEnv } from '@quorate/sim';
import type { Reconfiguration, ReplicaStatus } from '../../src/index.ts';
import { MapCaller } from './map-client.ts';

type Seen = Pick<ReplicaStatus, 'role' | 'term' | 'membership' | 'committed' | 'applied' | 'loss'>;

/** The fewest voters that a change may leave. */
const votersMin = 2;

/** Changes the members and hands leadership over while clients work; sees at the end that everybody agrees. */
export async function operate(env: ClientEnv): Promise<void> {
  const operator = new Operator(env);
  await operator.start();
  while (!env.workload.aborted) {
    await sleep(env.clock, 100 + env.random.below(1200));
    if (env.random.below(4) === 0) await operator.transfer();
    else await operator.change();
  }
  await operator.seeAgreement();
}

class Operator {
  readonly #env: ClientEnv;
  readonly #caller: MapCaller;

  constructor(env: ClientEnv) {
    this.#env = env;
    this.#caller = new MapCaller(env);
  }

  async start(): Promise<void> {
    await this.#caller.calls.start();
  }

  async transfer(): Promise<void> {
    const { nodes, random } = this.#env;
    const to = random.below(2) === 0 ? nodes[random.below(nodes.length)] : undefined;
    await this.#env.operation({ type: 'transfer', to }, async () => {
      await this.#caller.askOnce('transfer', [to]);
      this.#env.reached('handed over');
    });
  }

  async change(): Promise<void> {
    const seen = await this.#leader();
    if (seen === undefined) return;
    const { membership } = seen;
    const { random } = this.#env;
    const isJoint = membership.votersOutgoing.length > 0;
    const change = isJoint && random.below(3) > 0 ? {} : this.#draw(seen);
    const transition = (['auto', 'auto', 'joint', 'explicit'] as const)[random.below(4)];
    await this.#env.operation({ type: 'change', change, transition }, async () => {
      await this.#caller.askOnce('change', [change, isJoint ? 'auto' : transition]);
      this.#env.reached(isJoint ? 'joint left' : 'members changed');
    });
  }

  /** Replaces, adds, promotes, demotes or removes, one member or some. */
  #draw({ membership: { voters, learners } }: Seen): Reconfiguration {
    const { nodes, random } = this.#env;
    const others = nodes.filter(node => !voters.includes(node) && !learners.includes(node));
    const some = (ids: readonly NodeId[]): NodeId[] => ids.filter(() => random.below(2) === 0);
    const spare = (ids: readonly NodeId[]): NodeId[] => some(ids).slice(0, voters.length - votersMin);
    switch (random.below(6)) {
      case 0:
        return { learners: some(others) };
      case 1:
        return { voters: learners };
      case 2:
        return { voters: some([...others, ...learners]), remove: spare(voters) };
      case 3:
        return { remove: [...spare(voters).slice(0, 1), ...some(learners)] };
      case 4:
        return { learners: spare(voters).slice(0, 1) };
      default:
        return { voters: [...others, ...learners] };
    }
  }

  /** What the leader says of itself, if one answers. */
  async #leader(): Promise<Seen | undefined> {
    const statuses = await this.#statuses();
    return latestLeader(statuses.values());
  }

  async #statuses(): Promise<ReadonlyMap<NodeId, Seen>> {
    const statuses = new Map<NodeId, Seen>();
    await Promise.all(
      this.#env.nodes.map(async node => {
        const answer = await this.#caller.calls.ask(node, 'status', [], 500);
        if ('value' in answer) statuses.set(node, answer.value as Seen);
      }),
    );
    return statuses;
  }

  /** Every member has applied what the leader has committed; a joint configuration is left, unless it is left by itself. */
  async seeAgreement(): Promise<void> {
    const { clock } = this.#env;
    for (;;) {
      const statuses = await this.#statuses();
      const leader = latestLeader(statuses.values());
      if (leader !== undefined) {
        const { committed, membership } = leader;
        const { voters, votersOutgoing, learners } = membership;
        const members = [...voters, ...learners];
        const isAgreed = members.every(member => {
          const status = statuses.get(member);
          return status !== undefined && status.applied === committed && status.loss === 'none';
        });
        if (votersOutgoing.length > 0) await this.#caller.askOnce('change', [{}, 'auto']).catch(() => {});
        else if (isAgreed) {
          this.#env.observe({ type: 'agreed', committed, members });
          return;
        }
      }
      await sleep(clock, 50);
    }
  }
}

function latestLeader(statuses: Iterable<Seen>): Seen | undefined {
  let latest: Seen | undefined;
  for (const status of statuses) {
    if (status.role === 'leader' && status.term > (latest?.term ?? 0)) latest = status;
  }
  return latest;
}
