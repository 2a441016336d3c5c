import { ManualClock } from '@quorate/core';
import { describe, expect, test } from 'vitest';
import { type CampaignOptions, runCampaign } from '../../src/host/runner/campaign.ts';
import type { SeedOutcome } from '../../src/host/runner/seed-outcome.ts';
import { seedsOf } from '../../src/host/runner/seed-range.ts';

function outcome(seed: number, fails = false): SeedOutcome {
  return {
    seed,
    verdict: fails ? 'violation' : 'ok',
    ...(fails ? { finding: { rule: 'rule', message: 'wrong' } } : {}),
    traceHash: 'f'.repeat(16),
    events: 10,
    simulatedMs: 1000,
    probes: seed % 2 === 0 ? ['even', 'even'] : [],
    swarm: seed % 4 === 0 ? ['crashes'] : [],
  };
}

const defaults = { clock: new ManualClock(), lanes: 1, failuresMax: 1000 };

function campaign(options: Partial<CampaignOptions>) {
  return runCampaign({
    ...defaults,
    seeds: seedsOf({ from: 1, to: 100 }),
    run: async seed => outcome(seed, seed % 20 === 0),
    ...options,
  });
}

describe('campaign', () => {
  test('adds up what its seeds did, whatever the number of lanes', async () => {
    for (const lanes of [1, 7, 200]) {
      const { ended, totals } = await campaign({ lanes });
      expect(ended).toBe('done');
      expect(totals).toMatchObject({ seeds: 100, events: 1000, simulatedMs: 100_000 });
      expect(totals.verdicts).toEqual({ ok: 95, violation: 5 });
      expect([totals.probes.get('even'), totals.swarm.get('crashes')]).toEqual([50, 25]);
      expect(totals.failures.map(({ seed }) => seed)).toEqual([20, 40, 60, 80, 100]);
    }
  });

  test('starts nothing after enough failures', async () => {
    const { ended, totals } = await campaign({ failuresMax: 2 });
    expect([ended, totals.seeds]).toEqual(['failures', 40]);
  });

  test('finds the lowest seed that fails although a higher one fails sooner', async () => {
    const slow = Promise.withResolvers<undefined>();
    const { totals } = await campaign({
      lanes: 4,
      failuresMax: 1,
      run: async seed => {
        if (seed === 2) await slow.promise;
        if (seed === 3) slow.resolve(undefined);
        return outcome(seed, seed === 2 || seed === 3);
      },
    });
    expect(totals.failures.map(({ seed }) => seed)).toEqual([2, 3]);
  });

  test('an abort ends it at once, with what is known', async () => {
    const abort = new AbortController();
    const { ended, totals } = await campaign({
      signal: abort.signal,
      run: async seed => {
        if (seed < 10) return outcome(seed);
        abort.abort();
        return new Promise(() => {});
      },
    });
    expect([ended, totals.seeds]).toEqual(['aborted', 9]);
  });

  test('so does the deadline, even with seeds without end', async () => {
    const clock = new ManualClock();
    const { ended, totals } = await campaign({
      clock,
      deadlineMs: 1000,
      seeds: seedsOf({ from: 1, to: Number.POSITIVE_INFINITY }),
      run: async seed => {
        clock.advance(100);
        return outcome(seed);
      },
    });
    expect(ended).toBe('deadline');
    expect(totals.seeds).toBeGreaterThanOrEqual(9);
    expect(totals.seeds).toBeLessThanOrEqual(10);
  });

  test('what running a seed throws is thrown', async () => {
    const run = async (seed: number): Promise<SeedOutcome> => {
      if (seed === 5) throw new Error('no scenario');
      return outcome(seed);
    };
    await expect(campaign({ run, lanes: 2 })).rejects.toThrow('no scenario');
  });
});
