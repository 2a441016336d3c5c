import { describe, expect, test } from 'vitest';
import { describeFailure } from '../../src/host/runner/describe-failure.ts';
import type { SeedOutcome } from '../../src/host/runner/seed-outcome.ts';
import type { Shrunk } from '../../src/host/runner/shrink.ts';

const outcome: SeedOutcome = {
  seed: 3,
  verdict: 'violation',
  finding: { rule: 'broken', message: 'It broke', atMs: 1500 },
  traceHash: '0123456789abcdef',
  events: 2000,
  simulatedMs: 4000,
  probes: [],
  swarm: [],
};

const shrunk: Shrunk = {
  options: { seed: 3 },
  outcome: { ...outcome, events: 20, removable: ['loss#0', 'loss#1'] },
  eventsBefore: 2000,
  removableBefore: 300,
  runs: 40,
  isComplete: true,
};

/** The lines about what was made smaller. */
function linesOf(changes: Partial<Shrunk>): string[] {
  const text = describeFailure({ id: 'a/b', outcome, replay: 'LINE', shrunk: { ...shrunk, ...changes } });
  return text.split('\n').slice(3, 5);
}

describe('describeFailure', () => {
  test('says what failed, after what, and how to see it again', () => {
    expect(describeFailure({ id: 'a/b', outcome, replay: 'LINE', replayOptions: ' --scenarios x' })).toBe(
      'Seed 3 of a/b broke broken\n  It broke\n  after 1.5 s of simulated time and 2,000 events\n' +
        '  replay it with:\npnpm sim --replay LINE --scenarios x\n',
    );
  });

  test.each<readonly [string, Partial<Shrunk>, string]>([
    ['smaller', {}, 'made smaller in 40 runs: 20 of 2,000 events (1.0 %)'],
    ['one run', { runs: 1 }, 'made smaller in 1 run: 20 of 2,000 events (1.0 %)'],
    [
      'a shorter phase',
      { options: { seed: 3, safetyMs: 900, earlierMs: 250 } },
      'made smaller in 40 runs: 20 of 2,000 events (1.0 %), with 0.9 s of faults that begin 0.25 s sooner',
    ],
    [
      'a phase that goes on after the finding',
      { options: { seed: 3, safetyMs: 8000, earlierMs: 250 } },
      'made smaller in 40 runs: 20 of 2,000 events (1.0 %), with faults that begin 0.25 s sooner',
    ],
    [
      'another seed, cut short',
      { options: { seed: 8 }, isComplete: false },
      'made smaller in 40 runs: 20 of 2,000 events (1.0 %), in seed 8, which fails in the same way sooner; there may be less: runs or time were used up',
    ],
    [
      'fewer faults alone',
      { outcome: { ...shrunk.outcome, events: 2000 } },
      'made smaller in 40 runs: all of the 2,000 events',
    ],
    [
      'nothing',
      { outcome: { ...shrunk.outcome, events: 2000 }, removableBefore: 2 },
      'nothing smaller was found in 40 runs: all of the 2,000 events',
    ],
  ])('%s', (_, changes, line) => {
    expect(linesOf(changes)[0]).toBe(`  ${line}`);
  });

  test('says what is left, or that nothing is', () => {
    expect(linesOf({})[1]).toBe('  what it takes: 2 of 300 faults, draws and operations');
    const none = { ...shrunk.outcome, removable: [] };
    expect(linesOf({ outcome: none })[1]).toBe('  it takes none of the 300 faults, draws and operations');
  });
});
