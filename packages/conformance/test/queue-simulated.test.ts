import { sleep } from '@quorate/core';
import { defineScenario, type Env, type RunResult, simulate } from '@quorate/sim';
import { describe, expect, test } from 'vitest';
import { type QueueCase, queueCases, type QueueSubject, runQueueCase } from '../src/index.ts';

const seeds = process.env['QUORATE_LONG'] === undefined ? 1 : 50;

/** How much time is simulated with each seed in which processes stand still, ms. */
const stillDurationMs = 8000;

function subjectOf(env: Env, leaseMs: number): QueueSubject {
  return {
    name: 'simulated queue store',
    clock: env.clock,
    random: env.random,
    leaseMs,
    patienceMs: 20_000,
    histories: 3,
    open: async options => env.openQueueStore(options),
  };
}

/** Runs a case on the simulator's queues, within one simulated run; and why it does not apply, if it does not. */
async function runSimulated(
  queueCase: QueueCase,
): Promise<{ readonly reason: string | undefined; readonly result: RunResult }> {
  const ended: { reason?: string | undefined; thrown?: unknown } = {};
  const scenario = defineScenario({
    name: 'queue-conformance',
    summary: 'One case of the conformance suite of queues',
    nodes: ['idle'],
    clients: 1,
    livenessMs: 600_000,
    node() {},
    async client(env) {
      try {
        ended.reason = await runQueueCase(subjectOf(env, 400), queueCase);
      } catch (thrown) {
        ended.thrown = thrown;
      }
    },
  });
  const result = await simulate(scenario, { seed: 1 });
  if (ended.thrown !== undefined) throw ended.thrown;
  return { reason: ended.reason, result };
}

/** Runs a case over and over in a process that stands still again and again, for up to two seconds; what breaks it. */
async function runStopped(queueCase: QueueCase, seed: number): Promise<string | undefined> {
  const ended = Promise.withResolvers<string | undefined>();
  const scenario = defineScenario({
    name: 'queue-conformance-standstill',
    summary: 'One case of the conformance suite of queues, in a process that is stopped now and then',
    nodes: ['tester'],
    clients: 1,
    faults: { process: { pauses: true, pauseMaxMs: 2000 } },
    safetyMs: 20_000,
    livenessMs: 600_000,
    async node(env) {
      try {
        while (env.clock.monotonicMs() < stillDurationMs) {
          if ((await runQueueCase({ ...subjectOf(env, 1000), histories: 1 }, queueCase)) !== undefined) break;
          // Some cases take no time at all.
          await sleep(env.clock, 50);
        }
        ended.resolve(undefined);
      } catch (thrown) {
        ended.resolve((thrown as Error).message);
      }
    },
    client: () => ended.promise,
  });
  await simulate(scenario, { seed });
  return ended.promise;
}

describe('the simulated queue store keeps what the seam promises', () => {
  test.for(queueCases)('$name', async (queueCase, { skip }) => {
    const { reason, result } = await runSimulated(queueCase);
    if (reason !== undefined) skip(reason);
    expect([result.verdict, result.finding, result.error]).toEqual(['ok', undefined, undefined]);
  });
});

describe('of a correct queue store on a machine that stands still', () => {
  test.for(queueCases)('$name', async queueCase => {
    const count = queueCase.timed === true ? 20 * seeds : seeds;
    for (let seed = 1; seed <= count; seed++) {
      expect(await runStopped(queueCase, seed), `seed ${seed}`).toBeUndefined();
    }
  });
});

test('names of cases are unique, and what they need is an exception', () => {
  expect(new Set(queueCases.map(({ name }) => name)).size).toBe(queueCases.length);
  const exclusive = queueCases.filter(({ exclusive: isExclusive }) => isExclusive === true);
  expect(exclusive.every(({ needs }) => needs !== undefined)).toBe(true);
});
