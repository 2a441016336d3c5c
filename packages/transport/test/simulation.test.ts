import { runSeeds, simulate } from '@quorate/sim';
import { describe, expect, test } from 'vitest';
import * as scenarios from '../scenarios/requests.ts';

const seeds = process.env['QUORATE_LONG'] === undefined ? 200 : 10_000;

describe('requests in the simulator', () => {
  test('hundreds of seeds keep every promise and reach every probe', async () => {
    const scenario = scenarios.correct;
    const { failure, neverReached } = await runSeeds(scenario, { seeds });
    expect(failure?.text).toBeUndefined();
    expect(neverReached).toEqual([]);
  }, 600_000);

  test.each([
    [scenarios.answersAnother, 'answers-belong'],
    [scenarios.claimsNotApplied, 'outcomes-are-true'],
    [scenarios.ignoresSignal, 'handlers-are-told'],
  ] as const)('the bug of %o is found', async (scenario, rule) => {
    const { failure } = await runSeeds(scenario, { seeds: 20, shrinks: false });
    expect(failure?.outcome.finding?.rule).toBe(rule);
  });

  test('a seed run twice gives the same trace', async () => {
    const [one, other] = [
      await simulate(scenarios.correct, { seed: 7 }),
      await simulate(scenarios.correct, { seed: 7 }),
    ];
    expect(other.traceHash).toBe(one.traceHash);
  });
});
