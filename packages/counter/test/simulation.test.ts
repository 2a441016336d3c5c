import { type RunResult, type Scenario, simulate } from '@quorate/sim';
import { describe, expect, test } from 'vitest';
import * as exact from '../scenarios/exact-counter.ts';
import * as gossiped from '../scenarios/gossiped-counter.ts';
import * as leased from '../scenarios/leased-ids.ts';

const seeds = process.env['QUORATE_LONG'] === undefined ? 60 : 10_000;

/** Runs seeds until one is not `ok`; gives that one, and what was reached. */
async function run(scenario: Scenario, seedCount: number): Promise<[RunResult | undefined, Set<string>]> {
  const reached = new Set<string>();
  for (let seed = 1; seed <= seedCount; seed++) {
    const result = await simulate(scenario, { seed });
    for (const probe of result.probes) reached.add(probe);
    if (result.verdict !== 'ok') return [result, reached];
  }
  return [undefined, reached];
}

describe('counters in the simulator', () => {
  test.each(
    [exact.correct, exact.linear, gossiped.correct, leased.correct].map(
      scenario => [scenario.name, scenario] as const,
    ),
  )(
    '%s keeps every promise and reaches every probe',
    async (_, scenario) => {
      const [failed, reached] = await run(scenario, seeds);
      if (failed !== undefined)
        expect.fail(
          `seed ${failed.seed}: ${failed.finding?.message ?? String((failed.error as Error)?.stack)}`,
        );
      expect(scenario.probes?.filter(probe => !reached.has(probe)) ?? []).toEqual([]);
    },
    3_600_000,
  );

  test.each([
    [exact.numbersAnew, 'exactly-once'],
    [exact.linearNumbersAnew, 'linearizability'],
    [gossiped.collectsEarly, 'crdt-convergence'],
    [leased.noFloors, 'exactly-once'],
  ] as const)('the bug of %o is found', async (scenario, rule) => {
    const [failed] = await run(scenario, 300);
    expect(failed?.finding?.rule).toBe(rule);
  });

  test('a seed run twice gives the same trace', async () => {
    const [one, other] = [
      await simulate(exact.correct, { seed: 7 }),
      await simulate(exact.correct, { seed: 7 }),
    ];
    expect(other.traceHash).toBe(one.traceHash);
  });
});
