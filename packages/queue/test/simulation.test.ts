import { runSeeds } from '@quorate/sim';
import { describe, expect, test } from 'vitest';
import { correct, effectApart } from '../scenarios/ordered-effects.ts';

const isLong = process.env['QUORATE_LONG'] !== undefined;
const limitMs = isLong ? 3_600_000 : 120_000;

describe('in the simulator', () => {
  test(
    'each message of a key takes effect once and in its order, and all do',
    async () => {
      const seeds = isLong ? 5000 : 30;
      const { failure, totals } = await runSeeds(correct, { seeds });
      expect(failure?.text).toBeUndefined();
      expect(totals.seeds).toBe(seeds);
      expect(new Set(totals.probes.keys())).toEqual(new Set(correct.probes));
    },
    limitMs,
  );

  test(
    'an effect apart from its end is caught',
    async () => {
      const { failure } = await runSeeds(effectApart, { seeds: 100, shrinks: false });
      expect(failure?.text).toContain('q/wrong/');
    },
    limitMs,
  );
});
