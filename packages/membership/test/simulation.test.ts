import { runSeeds, simulate } from '@quorate/sim';
import { describe, expect, test } from 'vitest';
import { registry } from '../scenarios/registry.ts';
import * as scenarios from '../scenarios/swim.ts';

const seeds = process.env['QUORATE_LONG'] === undefined ? 150 : 10_000;

describe('membership in the simulator', () => {
  test.each([scenarios.correct, scenarios.datagrams, registry])(
    'seeds of $name keep every promise, and reach every probe',
    async scenario => {
      const { failure, neverReached } = await runSeeds(scenario, { seeds });
      expect(failure?.text).toBeUndefined();
      expect(neverReached).toEqual([]);
    },
    3_600_000,
  );

  test('members that exchange no states are found out', async () => {
    const { failure } = await runSeeds(scenarios.exchangesNothing, { seeds: 20, shrinks: false });
    expect(failure?.outcome.finding?.rule).toBe('agreement');
  });

  test('a seed run twice gives the same trace', async () => {
    const [one, other] = [
      await simulate(scenarios.correct, { seed: 7 }),
      await simulate(scenarios.correct, { seed: 7 }),
    ];
    expect(other.traceHash).toBe(one.traceHash);
  });
});
