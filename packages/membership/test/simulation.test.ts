import { type RunResult, type Scenario, simulate } from '@quorate/sim';
import { describe, expect, test } from 'vitest';
import { registry } from '../scenarios/registry.ts';
import * as scenarios from '../scenarios/swim.ts';

const seeds = process.env['QUORATE_LONG'] === undefined ? 150 : 10_000;

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

describe('membership in the simulator', () => {
  test.each([scenarios.correct, scenarios.datagrams, registry])(
    'seeds of $name keep every promise, and reach every probe',
    async scenario => {
      const [failed, reached] = await run(scenario, seeds);
      if (failed !== undefined)
        expect.fail(
          `seed ${failed.seed}: ${failed.finding?.message ?? String((failed.error as Error)?.stack)}`,
        );
      expect(scenario.probes?.filter(probe => !reached.has(probe))).toEqual([]);
    },
    3_600_000,
  );

  test('members that exchange no states are found out', async () => {
    const [failed] = await run(scenarios.exchangesNothing, 20);
    expect(failed?.finding?.rule).toBe('agreement');
  });

  test('a seed run twice gives the same trace', async () => {
    const [one, other] = [
      await simulate(scenarios.correct, { seed: 7 }),
      await simulate(scenarios.correct, { seed: 7 }),
    ];
    expect(other.traceHash).toBe(one.traceHash);
  });
});
