import type { Store } from '@quorate/core';
import { defineScenario, type RunResult, simulate } from '@quorate/sim';
import { runStoreCase, type StoreCase } from '../src/index.ts';

/** What became of a case in a simulated run: the reason why it did not apply, if it did not. */
export interface CaseRun {
  readonly reason: string | undefined;
  readonly result: RunResult;
}

/**
 * Runs a case on the simulator's store, within one simulated run.
 *
 * @param wrap what each client is dressed in, with what the clients of the case share
 * @throws what the case throws
 */
export async function runSimulated(
  storeCase: StoreCase,
  wrap: () => (store: Store) => Store = () => store => store,
  seed = 1,
): Promise<CaseRun> {
  const ended: { reason?: string | undefined; thrown?: unknown } = {};
  const scenario = defineScenario({
    name: 'store-conformance',
    summary: 'One case of the conformance suite of stores',
    nodes: ['idle'],
    clients: 1,
    livenessMs: 600_000,
    node() {},
    async client(env) {
      const wrapped = wrap();
      const subject = {
        name: 'simulated store',
        clock: env.clock,
        random: env.random,
        ttlMs: 400,
        histories: 3,
        open: async (options: Parameters<typeof env.openStore>[0]) => wrapped(env.openStore(options)),
      };
      try {
        ended.reason = await runStoreCase(subject, storeCase);
      } catch (thrown) {
        ended.thrown = thrown;
      }
    },
  });
  const result = await simulate(scenario, { seed });
  if (ended.thrown !== undefined) throw ended.thrown;
  if (result.verdict === 'violation') throw new Error(result.finding?.message);
  return { reason: ended.reason, result };
}
