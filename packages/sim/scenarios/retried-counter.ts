import { callUntilAnswered, pause, startCalls } from './parts/calls.ts';
import { DurableCell } from './parts/durable-cell.ts';
import { linearizable } from '../src/linearizability/linearizable.ts';
import { counter as counterModel } from '../src/linearizability/models/counter.ts';
import { defineScenario, type NodeEnv, type Scenario } from '../src/scenario.ts';

/** What is wrong on purpose. */
interface Bug {
  /** An addition that comes twice is done twice. */
  readonly noDeduplication?: boolean;
  /** What was done is remembered in memory alone. */
  readonly forgetful?: boolean;
  /** An addition is acknowledged before the disk has synced. */
  readonly earlyAnswer?: boolean;
}

interface State {
  readonly total: number;
  /** Of each client, the number of its last addition and what came of it. */
  readonly last: Readonly<Record<string, { readonly sequence: number; readonly total: number }>>;
}

interface Addition {
  readonly client: number;
  readonly sequence: number;
}

/** A counter on one node whose clients repeat what was not answered; each addition has a number, and counts once. */
function retriedCounter(name: string, summary: string, bug: Bug = {}): Scenario {
  return defineScenario({
    name,
    summary,
    nodes: ['counter'],
    clients: 3,
    faults: { network: { mode: 'datagram' }, process: { downMax: 1 }, disk: { torn: true } },
    safetyMs: 4000,
    probes: ['an addition came again'],
    check: linearizable(counterModel()),
    node: env => counter(env, bug),
    async client(env) {
      const calls = await startCalls(env);
      for (let sequence = 1; !env.workload.aborted; sequence++) {
        await pause(env, env.random.below(60) + 1);
        if (env.random.below(3) === 0) {
          await env.operation({ type: 'read' }, () => callUntilAnswered(env, calls, 'counter', 'get', null));
        } else {
          const addition: Addition = { client: env.index, sequence };
          await env.operation({ type: 'add', by: 1 }, () =>
            callUntilAnswered(env, calls, 'counter', 'add', addition),
          );
        }
      }
    },
  });
}

async function counter(env: NodeEnv, bug: Bug): Promise<void> {
  const cell = await DurableCell.open<State>(env.disk, 'counter', { total: 0, last: {} });
  const remembered = new Map(bug.forgetful === true ? [] : Object.entries(cell.value.last));
  await startCalls(env, {
    async get(): Promise<number> {
      const { total } = cell.value;
      // Others must not learn of what a crash could take back.
      if (bug.earlyAnswer !== true) await cell.settled();
      return total;
    },
    async add({ client, sequence }: Addition): Promise<number> {
      const before = remembered.get(String(client));
      if (before !== undefined && sequence <= before.sequence && bug.noDeduplication !== true) {
        env.reached('an addition came again');
        if (bug.earlyAnswer !== true) await cell.settled();
        return before.total;
      }
      const total = cell.value.total + 1;
      remembered.set(String(client), { sequence, total });
      const stored = cell.set({ total, last: Object.fromEntries(remembered) });
      if (bug.earlyAnswer !== true) await stored;
      return total;
    },
  });
}

export const correct: Scenario = retriedCounter(
  'retried-counter',
  'A counter whose clients repeat what was not answered, each addition counted once',
);

export const noDeduplication: Scenario = retriedCounter(
  'retried-counter-duplicates',
  'Bug: an addition that is repeated is added again',
  { noDeduplication: true },
);

export const forgetful: Scenario = retriedCounter(
  'retried-counter-forgetful',
  'Bug: after a crash an addition that is repeated is added again',
  { forgetful: true },
);

export const earlyAnswer: Scenario = retriedCounter(
  'retried-counter-early-answer',
  'Bug: an addition is acknowledged before the disk has synced',
  { earlyAnswer: true },
);
