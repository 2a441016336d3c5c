import { runSeeds, type Scenario } from '@quorate/sim';
import { describe, expect, test } from 'vitest';
import { correct, forgedFence, noFencing } from '../scenarios/fenced-writes.ts';

const isLong = process.env['QUORATE_LONG'] !== undefined;
const limitMs = isLong ? 3_600_000 : 120_000;

describe('in the simulator', () => {
  test(
    'nobody writes whose lock was given to somebody else, and everybody has its turn',
    async () => {
      const seeds = isLong ? 5000 : 40;
      const { failure, totals } = await runSeeds(correct, { seeds });
      expect(failure?.text).toBeUndefined();
      expect(totals.seeds).toBe(seeds);
    },
    limitMs,
  );

  test.each([
    ['a resource that does not look at fences', noFencing],
    ['a holder that makes up a fence', forgedFence],
  ] as [string, Scenario][])(
    '%s is caught',
    async (_, scenario) => {
      const { failure } = await runSeeds(scenario, { seeds: 300, shrinks: false });
      expect(failure?.outcome.finding?.rule).toBe('mutual-exclusion');
    },
    limitMs,
  );
});
