import { exactlyOnce } from '../src/invariants/exactly-once.ts';
import { callUntilAnswered, pause, startCalls } from './parts/calls.ts';
import { DurableCell } from './parts/durable-cell.ts';
import { defineScenario, type NodeEnv, type Scenario } from '../src/scenario.ts';

/** What is wrong on purpose. */
interface Bug {
  /** A message is acknowledged before its effect is durable. */
  readonly acknowledgesFirst?: boolean;
  /** That a message was done is written down apart from its effect. */
  readonly recordsApart?: boolean;
}

const messages = 40;

/** An inbox that does each message once, although its senders repeat what was not acknowledged. */
function inbox(name: string, summary: string, bug: Bug = {}): Scenario {
  return defineScenario({
    name,
    summary,
    nodes: ['inbox'],
    clients: 2,
    faults: { network: { mode: 'datagram' }, process: { downMax: 1 }, disk: { torn: true } },
    safetyMs: 3000,
    probes: ['a message came again'],
    invariants: [exactlyOnce],
    node: env => consumer(env, bug),
    async client(env) {
      const calls = await startCalls(env);
      for (let number = 1; number <= messages && !env.workload.aborted; number++) {
        await pause(env, env.random.below(80) + 1);
        const id = `${env.index}:${number}`;
        await callUntilAnswered(env, calls, 'inbox', 'deliver', id);
        env.observe({ type: 'accepted', id });
      }
      // What has become of them is read from the state itself: an effect may outlive the node that would have told of it.
      const effects = await callUntilAnswered<string[]>(env, calls, 'inbox', 'effects', env.index);
      for (const id of effects) env.observe({ type: 'processed', id });
    },
  });
}

async function consumer(env: NodeEnv, bug: Bug): Promise<void> {
  const effects = await DurableCell.open<readonly string[]>(env.disk, 'effects', []);
  const record = bug.recordsApart
    ? await DurableCell.open<readonly string[]>(env.disk, 'record', [])
    : effects;
  await startCalls(env, {
    async deliver(id: string): Promise<boolean> {
      if (record.value.includes(id)) {
        env.reached('a message came again');
        if (bug.acknowledgesFirst !== true) await record.settled();
        return true;
      }
      const done = effects.set([...effects.value, id]);
      if (bug.acknowledgesFirst === true) return true;
      await done;
      if (record !== effects) await record.set([...record.value, id]);
      return true;
    },
    async effects(client: number): Promise<readonly string[]> {
      const own = effects.value.filter(id => id.startsWith(`${client}:`));
      await effects.settled();
      return own;
    },
  });
}

export const correct: Scenario = inbox(
  'inbox',
  'Messages that are repeated until they are acknowledged, and done once',
);

export const acknowledgesFirst: Scenario = inbox(
  'inbox-acknowledges-first',
  'Bug: a message is acknowledged before its effect is durable',
  { acknowledgesFirst: true },
);

export const recordsApart: Scenario = inbox(
  'inbox-records-apart',
  'Bug: the effect is one write and the record of it another, with a crash in between',
  { recordsApart: true },
);
