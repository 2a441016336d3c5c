import { type NodeId, sleep } from '@quorate/core';
import type { ClientEnv } from '@quorate/sim';
import type { Reconfiguration } from '../../src/index.ts';
import { latestLeader, type SeenStatus, statusesOf } from './agreement.ts';
import type { Calls } from './calls.ts';
import { MapCaller } from './map-client.ts';

/** The fewest voters that a change may leave. */
const votersMin = 2;

/** Changes the members and hands leadership over while clients work. */
export async function operate(env: ClientEnv, calls: Calls, ease: number): Promise<void> {
  const operator = new Operator(env, calls);
  while (!env.workload.aborted) {
    await sleep(env.clock, ease * (100 + env.random.below(1200)));
    if (env.random.below(4) === 0) await operator.transfer();
    else await operator.change();
  }
}

class Operator {
  readonly #env: ClientEnv;
  readonly #calls: Calls;
  readonly #caller: MapCaller;

  constructor(env: ClientEnv, calls: Calls) {
    this.#env = env;
    this.#calls = calls;
    this.#caller = new MapCaller(env, calls);
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
    const leader = latestLeader(await statusesOf(this.#env, this.#calls));
    if (leader === undefined) return;
    const [id, seen] = leader;
    const { membership } = seen;
    const { random } = this.#env;
    const isJoint = membership.votersOutgoing.length > 0;
    const change = isJoint && random.below(3) > 0 ? {} : this.#draw(seen);
    const transition = (['auto', 'auto', 'joint', 'explicit'] as const)[random.below(4)];
    await this.#env.operation({ type: 'change', change, transition }, async () => {
      this.#caller.aim(id);
      await this.#caller.askOnce('change', [change, isJoint ? 'auto' : transition]);
      this.#env.reached(isJoint ? 'joint left' : 'members changed');
    });
  }

  /** Replaces, adds, promotes, demotes or removes, one member or some. */
  #draw({ membership: { voters, learners } }: SeenStatus): Reconfiguration {
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
}
