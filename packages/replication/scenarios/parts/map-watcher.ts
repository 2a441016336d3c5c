import { type NodeId, sleep } from '@quorate/core';
import type { ClientEnv } from '@quorate/sim';
import { callError, type Calls } from './calls.ts';
import { keys } from './map-client.ts';

/** Soon enough to ask again before a leader that was cut off steps down. */
const askMs = 100;
const pauseMaxMs = 80;

/** Reads, and stays with whoever answers: with a leader that is one no more, if it does not know. */
export async function watchMap(env: ClientEnv, calls: Calls, ease: number): Promise<void> {
  const { clock, nodes, random, workload } = env;
  let target: NodeId | undefined;
  while (!workload.aborted) {
    const key = keys[random.below(keys.length)] as string;
    const mode = random.below(2) === 0 ? 'linearizable' : 'lease';
    const to = target ?? (nodes[random.below(nodes.length)] as NodeId);
    await env.operation({ type: 'read', key }, async () => {
      const answer = await calls.ask(to, 'read', [key, mode], askMs);
      target = 'value' in answer ? to : answer.failure.leader;
      if ('value' in answer) return answer.value;
      // A read that nobody heard the answer of is none.
      throw callError(answer.failure.code, 'not-applied');
    });
    await sleep(clock, random.below(ease * pauseMaxMs));
  }
}
