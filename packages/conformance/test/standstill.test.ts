import { sleep } from '@quorate/core';
import { defineScenario, simulate } from '@quorate/sim';
import { expect, test } from 'vitest';
import { runStoreCase, type StoreCase, storeCases } from '../src/index.ts';

const seeds = process.env['QUORATE_LONG'] === undefined ? 1 : 50;

/** How much time is simulated with each seed, ms: of those that are about time more, which take the longest. */
const durationMs = 3000;
const timedDurationMs = 8000;

/** Runs a case over and over in a process that stands still again and again, for up to two seconds, while the store that it asks goes on. */
async function runStopped(storeCase: StoreCase, seed: number): Promise<string | undefined> {
  const lastMs = isTimed(storeCase) ? timedDurationMs : durationMs;
  let end: (thrown?: unknown) => void = () => {};
  const ended = new Promise<unknown>(resolve => {
    end = resolve;
  });
  const scenario = defineScenario({
    name: 'store-conformance-standstill',
    summary: 'One case of the conformance suite of stores, in a process that is stopped now and then',
    nodes: ['tester'],
    clients: 1,
    faults: { process: { pauses: true, pauseMaxMs: 2000 } },
    safetyMs: 20_000,
    livenessMs: 600_000,
    async node(env) {
      const subject = {
        name: 'simulated store',
        clock: env.clock,
        random: env.random,
        ttlMs: 1000,
        patienceMs: 20_000,
        histories: 1,
        open: async (options?: Parameters<typeof env.openStore>[0]) => env.openStore(options),
      };
      try {
        let reason: string | undefined;
        while (reason === undefined && env.clock.monotonicMs() < lastMs) {
          reason = await runStoreCase(subject, storeCase);
          // Some cases take no time at all.
          await sleep(env.clock, 50);
        }
        end();
      } catch (thrown) {
        end(thrown);
      }
    },
    client: () => ended,
  });
  await simulate(scenario, { seed });
  const thrown = await ended;
  return (thrown as Error | undefined)?.message;
}

/** Whether a case is about time, whatever this attempt at it says of itself. */
function isTimed({ name }: StoreCase): boolean {
  return storeCases.some(each => each.name === name && each.timed === true);
}

const timed = storeCases.filter(isTimed);
const others = storeCases.filter(each => !isTimed(each));

async function expectKept(storeCase: StoreCase, seedCount: number): Promise<void> {
  for (let seed = 1; seed <= seedCount; seed++) {
    expect(await runStopped(storeCase, seed), `seed ${seed}`).toBeUndefined();
  }
}

test.for(timed)('of a correct store on a machine that stands still: $name', each =>
  expectKept(each, 40 * seeds),
);

test.for(others)('of a correct store on a machine that stands still: $name', each => expectKept(each, seeds));

/** Those that a machine that stands still breaks whenever it does so in any part of them. */
const lasting = timed.filter(({ name }) => /far beyond|live and die|set back/.test(name));

test.for(lasting)('where nothing is tried again, this goes wrong some time: $name', async storeCase => {
  for (let seed = 1; seed <= 100; seed++) {
    if ((await runStopped({ ...storeCase, timed: false }, seed)) !== undefined) return;
  }
  expect.unreachable('it need not be tried again');
});
