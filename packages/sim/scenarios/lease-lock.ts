import { mutualExclusion } from '../src/invariants/mutual-exclusion.ts';
import { callUntilAnswered, type Calls, pause, startCalls } from './parts/calls.ts';
import { DurableCell } from './parts/durable-cell.ts';
import { type NodeEnv, defineScenario, type Scenario } from '../src/scenario.ts';

/** What is wrong on purpose. */
interface Bug {
  /** The resource does not look at the tokens. */
  readonly noFencing?: boolean;
  /** Tokens start anew when the lock's node does. */
  readonly forgottenTokens?: boolean;
  /** A repeated write is done without waiting for its token to be durable: so rare a mistake that only a kept seed shows it. */
  readonly hastyRepeats?: boolean;
}

interface Grant {
  readonly fence: number;
}

const ttlMs = 300;
const workers = ['worker-1', 'worker-2', 'worker-3'];

/**
 * A lock that is given for a while, and a resource that refuses whoever comes with an older token than it has seen: the holder
 * may be paused, or its clock slow, while somebody else is given the lock.
 */
export function leaseLock(name: string, summary: string, bug: Bug = {}): Scenario {
  return defineScenario({
    name,
    summary,
    nodes: ['lock', 'resource', ...workers],
    faults: {
      network: true,
      process: { pauseMaxMs: 2000 },
      clock: { driftMax: 0.2, jumps: true },
      disk: { torn: true },
    },
    safetyMs: 8000,
    livenessMs: 4000,
    probes: ['the resource refused a token', 'a holder came back late'],
    // Clocks run fast and slow here, so two may believe that they hold the lock; what counts is who may write.
    invariants: [() => mutualExclusion({ exclusive: false })],
    node(env) {
      if (env.self === 'lock') return lock(env, bug);
      return env.self === 'resource' ? resource(env, bug) : worker(env);
    },
  });
}

async function lock(env: NodeEnv, bug: Bug): Promise<void> {
  const cell = await DurableCell.open(env.disk, 'fence', 0);
  let fence = bug.forgottenTokens === true ? 0 : cell.value;
  // Whoever was given the lock before a crash may still hold it.
  let freeAtMs = env.clock.monotonicMs() + ttlMs;
  await startCalls(env, {
    async acquire(): Promise<Grant | null> {
      const nowMs = env.clock.monotonicMs();
      if (nowMs < freeAtMs) return null;
      fence += 1;
      freeAtMs = nowMs + ttlMs;
      const grant = { fence };
      await cell.set(fence);
      return grant;
    },
    release({ fence: held }: Grant): boolean {
      if (held === fence) freeAtMs = env.clock.monotonicMs();
      return true;
    },
  });
}

async function resource(env: NodeEnv, bug: Bug): Promise<void> {
  const cell = await DurableCell.open(env.disk, 'seen', 0);
  let seen = cell.value;
  await startCalls(env, {
    async write({ fence }: Grant): Promise<boolean> {
      if (bug.noFencing !== true) {
        // The token is durable before anything is done under it, by a repeated write too, and somebody newer may come meanwhile.
        if (fence > seen) {
          seen = fence;
          await cell.set(seen);
        } else if (bug.hastyRepeats !== true) {
          await cell.settled();
        }
        if (fence < seen) {
          env.reached('the resource refused a token');
          return false;
        }
      }
      env.observe({ type: 'fenced-write', resource: 'file', fence, lock: 'lock' });
      return true;
    },
  });
}

async function worker(env: NodeEnv): Promise<void> {
  const calls = await startCalls(env);
  void work(env, calls);
}

async function work(env: NodeEnv, calls: Calls): Promise<void> {
  let turns = 0;
  for (;;) {
    await pause(env, env.random.below(100) + 1);
    const askedMs = env.clock.monotonicMs();
    const grant = await callUntilAnswered<Grant | null>(env, calls, 'lock', 'acquire', null);
    if (grant === null) continue;
    const holder = `${env.self}, start ${env.incarnation}, turn ${++turns}`;
    env.observe({ type: 'lock-acquired', lock: 'lock', holder, fence: grant.fence });
    // As long as its own clock says so, it holds the lock; after the check anything may come between.
    for (let turn = 0; turn < 5 && env.clock.monotonicMs() < askedMs + ttlMs; turn++) {
      await pause(env, env.random.below(60));
      if (env.clock.monotonicMs() >= askedMs + ttlMs) env.reached('a holder came back late');
      await callUntilAnswered(env, calls, 'resource', 'write', grant);
    }
    void callUntilAnswered(env, calls, 'lock', 'release', grant);
  }
}

export const correct: Scenario = leaseLock(
  'lease-lock',
  'A lock with a time to live and fencing tokens, with pauses, drifting clocks and crashes',
);

export const noFencing: Scenario = leaseLock(
  'lease-lock-no-fencing',
  'Bug: the resource takes writes of a holder whose lock somebody else was given',
  { noFencing: true },
);

export const forgottenTokens: Scenario = leaseLock(
  'lease-lock-forgotten-tokens',
  'Bug: after a crash the lock hands out tokens that were used before',
  { forgottenTokens: true },
);
