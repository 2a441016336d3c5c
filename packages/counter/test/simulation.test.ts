import { runSeeds, simulate } from '@quorate/sim';
import { describe, expect, test } from 'vitest';
import * as exact from '../scenarios/exact-counter.ts';
import * as gossiped from '../scenarios/gossiped-counter.ts';
import * as leased from '../scenarios/leased-ids.ts';

const seeds = process.env['QUORATE_LONG'] === undefined ? 60 : 10_000;

describe('counters in the simulator', () => {
  test.each(
    [exact.correct, exact.linear, gossiped.correct, leased.correct].map(
      scenario => [scenario.name, scenario] as const,
    ),
  )(
    '%s keeps every promise and reaches every probe',
    async (_, scenario) => {
      const { failure, neverReached } = await runSeeds(scenario, { seeds });
      expect(failure?.text).toBeUndefined();
      expect(neverReached).toEqual([]);
    },
    3_600_000,
  );

  test.each([
    [exact.numbersAnew, 'exactly-once'],
    [exact.linearNumbersAnew, 'linearizability'],
    [gossiped.collectsEarly, 'crdt-convergence'],
    [leased.noFloors, 'exactly-once'],
  ] as const)('the bug of %o is found', async (scenario, rule) => {
    const { failure } = await runSeeds(scenario, { seeds: 300, shrinks: false });
    expect(failure?.outcome.finding?.rule).toBe(rule);
  });

  test('a seed run twice gives the same trace', async () => {
    const [one, other] = [
      await simulate(exact.correct, { seed: 7 }),
      await simulate(exact.correct, { seed: 7 }),
    ];
    expect(other.traceHash).toBe(one.traceHash);
  });
});
