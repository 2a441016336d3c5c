import { runStoreCase, storeCases } from '@quorate/conformance';
import { nodeId } from '@quorate/core';
import { defineScenario, runSeeds, type Scenario, simulate } from '@quorate/sim';
import { describe, expect, test } from 'vitest';
import * as scenarios from '../scenarios/served-store.ts';
import { connectStore, createMemoryStore, serveStore } from '../src/index.ts';

const seeds = process.env['QUORATE_LONG'] === undefined ? 60 : 3000;

/** A run in which one case is tried on a memory that another node serves, over a calm network. */
function trial(storeCase: (typeof storeCases)[number], ended: { reason?: string | undefined }): Scenario {
  return defineScenario({
    name: 'served-memory-conformance',
    summary: storeCase.name,
    nodes: ['server'],
    clients: 1,
    livenessMs: 600_000,
    async node({ clock, random, transport }) {
      await serveStore(createMemoryStore({ clock, random: random.fork('memory') }), transport);
    },
    async client({ clock, random, transport }) {
      const store = await connectStore(transport, nodeId('server'), { clock, random: random.fork('link') });
      const open = async (options: Parameters<typeof store.open>[0]) => store.open(options);
      const subject = { name: 'served memory', clock, random, ttlMs: 3000, open };
      ended.reason = await runStoreCase(subject, storeCase);
    },
  });
}

describe('in the simulator a served memory keeps what the seam promises', () => {
  test.for(storeCases)('$name', async (storeCase, { skip }) => {
    const ended: { reason?: string | undefined } = {};
    const { verdict, error, finding } = await simulate(trial(storeCase, ended), { seed: 1 });
    if (ended.reason !== undefined) skip(ended.reason);
    expect([verdict, error, finding]).toEqual(['ok', undefined, undefined]);
  });
});

describe('over a network on which everything goes wrong', () => {
  test.each([scenarios.compareAndSet, scenarios.count, scenarios.watching, scenarios.watchingRestarts])(
    '$name: $summary',
    async scenario => {
      const { failure, totals } = await runSeeds(scenario, { seeds, shrinks: false });
      expect(failure?.text).toBeUndefined();
      expect(totals.seeds).toBe(seeds);
      expect([...totals.probes.keys()]).toEqual(scenario.probes);
    },
    600_000,
  );

  test('a client that forgets which operation it repeats is found', async () => {
    const { failure } = await runSeeds(scenarios.countForgetful, { seeds: 60, shrinks: false });
    expect(failure?.text).toContain('linearizab');
  }, 60_000);
});
