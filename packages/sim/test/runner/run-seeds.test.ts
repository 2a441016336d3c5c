import { ManualClock } from '@quorate/core';
import { describe, expect, test } from 'vitest';
import { parseReplay } from '../../src/host/runner/replay-line.ts';
import { runSeeds } from '../../src/host/run-seeds.ts';
import type { SeedTotals } from '../../src/host/runner/totals.ts';
import { simulate } from '../../src/host/simulate.ts';
import type { RunOptions } from '../../src/run-result.ts';
import type { Scenario } from '../../src/scenario.ts';
import forgetful from '../fixtures/scenarios/forgetful.ts';
import { steady } from '../fixtures/scenarios/steady.ts';
import { type FakeBug, fakeRun } from './fake-run.ts';

const scenario: Scenario = {
  name: 'fake',
  summary: 'Never run',
  nodes: ['a'],
  probes: ['even', 'odd'],
  node() {},
};

function withBug(fails: FakeBug['fails'], names: readonly string[] = []) {
  const run = fakeRun({ names, fails });
  return { simulate: async (_: Scenario, options: RunOptions) => run(options) };
}

describe('runSeeds', () => {
  test('sums over all seeds where none fails', async () => {
    const told: number[] = [];
    const onProgress = ({ seeds }: SeedTotals): void => void told.push(seeds);
    const result = await runSeeds(scenario, { seeds: 30, onProgress, ...withBug(() => undefined) });
    expect(result).toMatchObject({ ended: 'done', neverReached: ['odd'] });
    expect(result.failure).toBeUndefined();
    expect(result.totals).toMatchObject({ seeds: 30, verdicts: { ok: 30 } });
    expect(told).toEqual(Array.from({ length: 30 }, (_, index) => index + 1));
  });

  test('stops at the first failure and makes it small', async () => {
    const names = Array.from({ length: 50 }, (_, index) => `loss#${index}`);
    const bug = withBug((seed, has) => (seed >= 17 && has('loss#9') ? 'broken' : undefined), names);
    const { ended, totals, failure } = await runSeeds(scenario, { seeds: { from: 5, to: 90 }, ...bug });
    expect([ended, totals.seeds, failure?.outcome.seed]).toEqual(['failures', 13, 17]);
    expect(failure?.shrunk?.outcome.removable).toEqual(['loss#9']);
    expect(failure?.text).toMatch(/^Seed 17 of fake broke broken\n {2}It broke broken\n/);
    expect(failure?.text).toContain(`pnpm sim --replay ${failure?.replay}\n`);
    const replay = parseReplay(failure?.replay ?? '');
    expect(replay).toMatchObject({ scenario: 'fake', traceHash: failure?.shrunk?.outcome.traceHash });
    const again = await bug.simulate(scenario, { seed: replay.seed, ...replay.changes });
    expect(again.traceHash).toBe(replay.traceHash);
  });

  test('ends with what is known when it is aborted, and when its time is over', async () => {
    const abort = new AbortController();
    const run = withBug(seed => {
      if (seed === 4) abort.abort();
      return undefined;
    });
    const aborted = await runSeeds(scenario, { signal: abort.signal, ...run });
    expect([aborted.ended, aborted.totals.seeds < 5]).toEqual(['aborted', true]);
    const clock = new ManualClock();
    const slow = withBug(() => {
      clock.advance(300);
      return undefined;
    });
    const late = await runSeeds(scenario, { clock, deadlineMs: 1000, ...slow });
    expect([late.ended, late.totals.seeds < 5]).toEqual(['deadline', true]);
  });

  test.each([0, -1, 1.5, Number.NaN])('%s seeds are refused', async seeds => {
    await expect(runSeeds(scenario, { seeds })).rejects.toThrow(
      /^Seeds must be integers from 0 to 4294967295/,
    );
  });

  test('with the simulator: a bug is found, and its line gives the same run again', async () => {
    const module = new URL('../fixtures/scenarios/forgetful.ts', import.meta.url);
    const { failure } = await runSeeds(forgetful, { seeds: 200, shrinkRunsMax: 60, module, package: 'sim' });
    expect(failure?.outcome.finding?.rule).toBe('never-forgets');
    const replay = parseReplay(failure?.replay ?? '');
    expect(replay).toMatchObject({ package: 'sim', scenarioDigest: expect.stringMatching(/^[0-9a-f]{8}$/) });
    const again = await simulate(forgetful, { seed: replay.seed, ...replay.changes });
    expect(again.finding?.rule).toBe('never-forgets');
    expect(again.traceHash).toBe(replay.traceHash);
  });

  test('with the simulator: what is right stays right', async () => {
    const { failure, totals, neverReached } = await runSeeds(steady, { seeds: 20 });
    expect(failure?.text).toBeUndefined();
    expect(totals.seeds).toBe(20);
    expect(neverReached).toEqual(['never heard of']);
  });
});
