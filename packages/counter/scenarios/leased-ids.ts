import { errorCode, type Entry, sleep, type Store } from '@quorate/core';
import { defineScenario, exactlyOnce, type NodeEnv, type Scenario } from '@quorate/sim';
import { createCounters, type IdGenerator } from '../src/index.ts';

/** What is wrong on purpose. */
interface Bug {
  /** The store keeps nothing of which time was used. */
  readonly noFloors?: boolean;
}

/**
 * Processes that share two worker numbers, while they crash, stop for longer than their leases, and their clocks are set. No id is
 * ever made twice.
 */
function leasedIds(name: string, summary: string, bug: Bug = {}): Scenario {
  return defineScenario({
    name,
    summary,
    nodes: ['a', 'b', 'c'],
    clients: 1,
    faults: {
      network: true,
      process: { pauseMaxMs: 3000 },
      clock: { jumps: true, jumpMaxMs: 2000, skewMaxMs: 500 },
    },
    safetyMs: 15_000,
    probes: ['a lease was lost', 'a clock went back', 'all numbers were leased'],
    invariants: [exactlyOnce],
    node: env => makes(env, bug),
    async client(env) {
      while (!env.workload.aborted) await sleep(env.clock, 100);
    },
  });
}

async function makes(env: NodeEnv, bug: Bug): Promise<void> {
  const { clock, random } = env;
  const store = bug.noFloors === true ? withoutFloors(env.store) : env.store;
  const counters = createCounters({ store, clock, random: random.fork('counters'), ttlMs: 600 });
  let ids: IdGenerator | undefined;
  for (;;) {
    await sleep(clock, random.below(60));
    try {
      ids ??= await counters.ids('n', {
        workerBits: 1,
        sequenceBits: 5,
        horizonMs: 400,
        leadMaxMs: 20,
        deadlineMs: 3000,
      });
      for (let count = random.below(100); count > 0; count--) {
        env.observe({ type: 'processed', id: `${ids.nextSync()}` });
      }
    } catch (thrown) {
      const code = errorCode(thrown);
      if (code === 'WORKER_LOST') {
        ids = undefined;
        env.reached('a lease was lost');
      }
      if (code === 'CLOCK_WENT_BACK') env.reached('a clock went back');
      if (code === 'NO_WORKER') env.reached('all numbers were leased');
    }
    if (random.below(20) > 0) continue;
    await ids?.[Symbol.asyncDispose]();
    ids = undefined;
  }
}

/** A store in which nobody finds what was written of floors. */
function withoutFloors(store: Store): Store {
  const get = store.get.bind(store);
  const put = store.put.bind(store);
  return Object.assign(store, {
    get: async (...[key, options]: Parameters<Store['get']>): Promise<Entry | undefined> =>
      key.includes('/floor/') ? undefined : get(key, options),
    put: async (...[key, value, condition, options]: Parameters<Store['put']>) => {
      if (!key.includes('/floor/')) return put(key, value, condition, options);
      const current = await get(key);
      const always = current === undefined ? { absent: true as const } : { created: current.created };
      return put(key, value, always, options);
    },
  });
}

export const correct: Scenario = leasedIds(
  'leased-ids',
  'Ids of processes that take turns with their worker numbers: none is made twice',
);

export const noFloors: Scenario = leasedIds(
  'leased-ids-no-floors',
  'Bug: whoever takes a worker number over does not know which time was used',
  { noFloors: true },
);

export default correct;
