import { monotonicReads } from '../src/invariants/monotonic-reads.ts';
import { callUntilAnswered, pause, startCalls } from './parts/calls.ts';
import { defineScenario, type NodeEnv, type Scenario } from '../src/scenario.ts';

/** What is wrong on purpose. */
interface Bug {
  /** Replicas answer with what they have, however old. */
  readonly noToken?: boolean;
}

const replicas = ['primary', 'replica-1', 'replica-2'];

/** A primary whose replicas lag behind, and sessions that read from any of them but never go back in time. */
function sessionReads(name: string, summary: string, bug: Bug = {}): Scenario {
  return defineScenario({
    name,
    summary,
    nodes: replicas,
    clients: 3,
    faults: { network: { mode: 'datagram' }, process: { crashes: false }, clock: true },
    safetyMs: 4000,
    probes: ['a replica was too old for a session'],
    invariants: [monotonicReads],
    node: env => replica(env, bug),
    async client(env) {
      const calls = await startCalls(env);
      let seen = 0;
      while (!env.workload.aborted) {
        await pause(env, env.random.below(40) + 1);
        if (env.index === 0) {
          await callUntilAnswered(env, calls, 'primary', 'increment', null);
          continue;
        }
        const from = replicas[env.random.below(replicas.length)] as string;
        const version = await callUntilAnswered<number | null>(env, calls, from, 'read', seen);
        if (version === null) continue;
        seen = Math.max(seen, version);
        env.observe({ type: 'read', session: String(env.index), key: 'counter', version });
      }
    },
  });
}

async function replica(env: NodeEnv, bug: Bug): Promise<void> {
  let version = 0;
  const calls = await startCalls(env, {
    increment: () => ++version,
    newest: () => version,
    read(seen: number): number | null {
      if (version >= seen || bug.noToken === true) return version;
      env.reached('a replica was too old for a session');
      return null;
    },
  });
  if (env.self === 'primary') return;
  void (async () => {
    for (;;) {
      await pause(env, env.random.below(150) + 1);
      const newest = await callUntilAnswered<number>(env, calls, 'primary', 'newest', null);
      version = Math.max(version, newest);
    }
  })();
}

export const correct: Scenario = sessionReads(
  'session-reads',
  'Sessions that read from lagging replicas and tell them what they have seen',
);

export const noToken: Scenario = sessionReads(
  'session-reads-no-token',
  'Bug: a session that changes replicas reads what is older than what it has seen',
  { noToken: true },
);
