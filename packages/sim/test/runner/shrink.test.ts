import { ManualClock } from '@quorate/core';
import { describe, expect, test } from 'vitest';
import type { RunOptions } from '../../src/run-result.ts';
import { outcomeOf } from '../../src/host/runner/seed-outcome.ts';
import { shrink, type Shrunk } from '../../src/host/runner/shrink.ts';
import type { ShrinkOptions } from '../../src/host/runner/shrink-state.ts';
import { type FakeBug, fakeRun } from './fake-run.ts';

const names = ['latency', 'fault:crash', 'fault:partition', 'op:client-0', 'op:client-1', 'loss'].flatMap(
  label => Array.from({ length: 100 }, (_, index) => `${label}#${index}`),
);

async function shrinkFake(bug: FakeBug, more: Partial<ShrinkOptions> = {}) {
  const run = fakeRun(bug);
  const tried: RunOptions[] = [];
  const attempt = async (options: RunOptions, record: boolean) => {
    tried.push(options);
    return outcomeOf(await run({ ...options, record }));
  };
  const options = { seed: 17 };
  const outcome = outcomeOf(await run(options));
  const clock = new ManualClock();
  const shrunk = await shrink({ clock, outcome, options, safetyMs: 30_000, attempt, ...more });
  return { shrunk, tried, left: [...(shrunk.outcome.removable ?? [])].sort() };
}

/** Needs a crash, one operation and one late message, and two seconds. */
const bug: FakeBug = {
  names,
  fails: (_, has, safetyMs) =>
    has('fault:crash#42') && has('op:client-1#7') && has('latency#99') && safetyMs >= 2000
      ? 'broken'
      : undefined,
};

describe('shrink', () => {
  test('leaves what the finding needs and nothing else', async () => {
    const { shrunk, left } = await shrinkFake(bug);
    expect(left).toEqual(['fault:crash#42', 'latency#99', 'op:client-1#7']);
    expect(shrunk.isComplete).toBe(true);
    expect(shrunk.removableBefore).toBe(600);
    expect(shrunk.eventsBefore).toBe(30_600);
    expect(shrunk.outcome.events).toBeLessThan(30_600 / 10);
    expect(shrunk.options.safetyMs).toBeGreaterThanOrEqual(2000);
    expect(shrunk.options.safetyMs).toBeLessThan(2200);
  });

  test('what it gives fails in the same way when it is run again', async () => {
    const { shrunk } = await shrinkFake(bug);
    const again = await fakeRun(bug)(shrunk.options);
    expect(again.finding?.rule).toBe('broken');
    expect(again.traceHash).toBe(shrunk.outcome.traceHash);
  });

  test('does not slip away to another failure that is smaller', async () => {
    const fails: FakeBug['fails'] = (seed, has, ms, byMs) =>
      bug.fails(seed, has, ms, byMs) ?? (ms < 9000 ? 'other' : undefined);
    const { shrunk, left } = await shrinkFake({ names, fails });
    expect(shrunk.outcome.finding?.rule).toBe('broken');
    expect(left).toEqual(['fault:crash#42', 'latency#99', 'op:client-1#7']);
  });

  test('takes whole kinds away first', async () => {
    const { tried } = await shrinkFake(bug);
    // Before it is asked whether everything is right where nothing goes wrong.
    const [, first] = tried.map(({ without = [] }) => without).filter(without => without.length > 0);
    const labels = new Set(names.map(name => name.split('#')[0]));
    expect(new Set(first)).toEqual(labels);
  });

  test('lets the faults begin sooner where much time passes before they matter', async () => {
    const late: FakeBug = {
      names,
      fails: (_, has, safetyMs, earlierMs) =>
        has('fault:crash#42') && safetyMs >= 30_000 && earlierMs <= 29_000 ? 'broken' : undefined,
    };
    const { shrunk } = await shrinkFake(late);
    expect(shrunk.options.earlierMs).toBeGreaterThan(27_000);
    expect(shrunk.outcome.events * 10).toBeLessThanOrEqual(shrunk.eventsBefore);
  });

  test('looks for another seed that fails soon where its own does not', async () => {
    const fails: FakeBug['fails'] = (seed, has, safetyMs, earlierMs) =>
      has('loss#3') && earlierMs === 0 && (safetyMs >= 30_000 || (seed === 40 && safetyMs >= 1000))
        ? 'broken'
        : undefined;
    const { shrunk, left } = await shrinkFake({ names, fails });
    expect(shrunk.options.seed).toBe(40);
    expect(left).toEqual(['loss#3']);
    expect(shrunk.outcome.events * 10).toBeLessThanOrEqual(shrunk.eventsBefore);
  });

  test('of the seeds that fail sooner it takes the soonest, and not the first', async () => {
    const weights = new Map([
      [3, 0.5],
      [8, 0.3],
      [40, 0.05],
    ]);
    const { shrunk, left } = await shrinkFake({
      names,
      fails: (_, has, ms, byMs) => (has('loss#3') && ms >= 30_000 && byMs === 0 ? 'broken' : undefined),
      weight: seed => weights.get(seed) ?? 1,
    });
    expect(shrunk.options.seed).toBe(40);
    expect(left).toEqual(['loss#3']);
    expect(shrunk.outcome.events * 10).toBeLessThanOrEqual(shrunk.eventsBefore);
  });

  test('goes on to other seeds where a tenth is still more than anybody reads', async () => {
    const { shrunk } = await shrinkFake({
      names,
      // A tenth of the events is soon reached.
      fails: (_, has, safetyMs) => (has('loss#3') && safetyMs >= 2000 ? 'broken' : undefined),
      weight: seed => (seed === 40 ? 0.01 : 1),
    });
    expect(shrunk.options.seed).toBe(40);
    expect(shrunk.outcome.events).toBeLessThan(100);
  });

  test('tries no more seeds once the run is small', async () => {
    const { shrunk, tried } = await shrinkFake({
      names,
      fails: (seed, has, safetyMs) =>
        has('loss#3') && (seed >= 40 || (seed === 17 && safetyMs >= 2000)) ? 'broken' : undefined,
      weight: seed => (seed >= 40 ? 0.01 : 1),
    });
    expect(shrunk.options.seed).toBe(40);
    expect(Math.max(...tried.map(({ seed }) => seed))).toBe(40);
  });

  test('looks far for a seed where it has the runs for it', async () => {
    const fails: FakeBug['fails'] = (seed, has, safetyMs, earlierMs) =>
      has('loss#3') && earlierMs === 0 && (safetyMs >= 30_000 || seed === 600) ? 'broken' : undefined;
    const far = await shrinkFake({ names, fails }, { runsMax: 10_000 });
    expect(far.shrunk.options.seed).toBe(600);
    expect(far.shrunk.isComplete).toBe(true);
  });

  test('keeps half of the runs that are left for the run itself', async () => {
    const fails: FakeBug['fails'] = (seed, has, safetyMs, earlierMs) =>
      seed === 17 && has('loss#3') && safetyMs >= 30_000 && earlierMs === 0 ? 'broken' : undefined;
    const { tried, left } = await shrinkFake({ names, fails }, { runsMax: 400 });
    const others = tried.filter(({ seed }) => seed !== 17);
    expect(others.length).toBeGreaterThan(100);
    expect(others.length).toBeLessThan(350);
    expect(left).toEqual(['loss#3']);
    const many = await shrinkFake({ names, fails }, { runsMax: 20_000 });
    // The second time not as far: once for each length of the safety phase, and below again.
    const triesOf = (wanted: number): number => many.tried.filter(({ seed }) => seed === wanted).length;
    expect([250, 251, 1000, 1001].map(triesOf)).toEqual([8, 4, 4, 0]);
  });

  test('takes a seed that has a little less only in the second round', async () => {
    const little: FakeBug = {
      names,
      fails: (_, has, ms, byMs) => (has('loss#3') && ms >= 30_000 && byMs === 0 ? 'broken' : undefined),
      weight: seed => (seed === 5 ? 0.85 : 1),
    };
    const { shrunk, tried } = await shrinkFake(little);
    expect(shrunk.options.seed).toBe(5);
    // In the first round it was no better than the seed's own run, of which three quarters would have been enough.
    expect(tried.find(({ seed }) => seed === 6)?.eventsMax).toBe((30_600 * 3) / 4 + 1);
    // By then it comes with what the first round took away.
    const labels = ['latency', 'fault:crash', 'fault:partition', 'op:client-0', 'op:client-1'];
    expect(shrunk.options.without).toEqual(expect.arrayContaining(labels));
  });

  test('tries no run again that did not fail with as many events', async () => {
    const { tried } = await shrinkFake(bug);
    const refused = new Map<string, number>();
    for (const { eventsMax, ...run } of tried) {
      if (eventsMax === undefined) continue;
      const key = JSON.stringify(run);
      expect(refused.get(key) ?? 0).toBeLessThan(eventsMax);
      const again = outcomeOf(await fakeRun(bug)(run));
      if (again.finding === undefined) refused.set(key, eventsMax);
    }
    expect(refused.size).toBeGreaterThan(100);
  });

  test('leaves the safety phase as it is where a shorter one has no fewer events', async () => {
    const { shrunk } = await shrinkFake({
      names,
      fails: (_, has) => (has('loss#3') ? 'broken' : undefined),
      // Whatever the phase's length.
      weight: () => 0,
    });
    expect(shrunk.options.safetyMs).toBeUndefined();
  });

  test('asks once whether a workload is right where nothing goes wrong', async () => {
    const put = 'op:client-0#5';
    const { tried } = await shrinkFake({
      names,
      fails: (_, has) => (has('latency#3') || !has(put) ? 'liveness' : undefined),
    });
    const calm = tried
      .filter(({ without = [], eventsMax }) => eventsMax === undefined && without.includes('latency'))
      .map(options => JSON.stringify(options));
    expect(calm.length).toBeGreaterThan(1);
    expect(new Set(calm).size).toBe(calm.length);
  });

  test('takes no part of the workload away that others rightly wait for', async () => {
    // The mistake: a late message keeps what was put from whoever takes it. Nobody put it: nobody gets it, and that is right.
    const put = 'op:client-0#5';
    const fails: FakeBug['fails'] = (_, has) => (has('latency#3') || !has(put) ? 'liveness' : undefined);
    const { left } = await shrinkFake({ names, fails });
    expect(left).toEqual(['latency#3', put]);
  });

  test('takes away what it can of a workload that fails by itself', async () => {
    const { left } = await shrinkFake({
      names,
      fails: (_, has) => (has('op:client-0#5') ? 'broken' : undefined),
    });
    expect(left).toEqual(['op:client-0#5']);
  });

  test('is the same each time', async () => {
    const [one, other] = await Promise.all([shrinkFake(bug), shrinkFake(bug)]);
    expect(other.shrunk).toEqual(one.shrunk);
    expect(other.tried).toEqual(one.tried);
  });

  test('keeps to its number of runs, and says that there may be less', async () => {
    const counts: number[] = [];
    for (let runsMax = 1; runsMax <= 60; runsMax++) {
      const { shrunk, tried } = await shrinkFake(bug, { runsMax });
      expect([tried.length, shrunk.isComplete]).toEqual([shrunk.runs, false]);
      expect(shrunk.runs).toBeLessThanOrEqual(runsMax);
      expect(shrunk.outcome.finding?.rule).toBe('broken');
      // The last of them is there to see what is left.
      expect(shrunk.outcome.removable).toBeDefined();
      counts.push(runsMax - shrunk.runs);
    }
    expect(Math.max(...counts)).toBe(1);
    expect(Math.min(...counts)).toBe(0);
  });

  test('says that there may be less where the time is over amid the search', async () => {
    const clock = new ManualClock();
    const run = fakeRun(bug);
    const outcome = outcomeOf(await run({ seed: 17 }));
    const shrunk = await shrink({
      clock,
      outcome,
      options: { seed: 17 },
      safetyMs: 30_000,
      deadlineMs: 1000,
      attempt: async (options, record) => {
        // The last run is one that finds nothing smaller, so that its round changes nothing.
        const next = outcomeOf(await run({ ...options, record }));
        clock.advance(options.eventsMax === undefined ? 400 : 1);
        return options.eventsMax === undefined ? next : { ...next, verdict: 'ok' };
      },
    });
    expect(shrunk.isComplete).toBe(false);
  });

  test('runs nothing after an abort, nor without time', async () => {
    const none = { runs: 0, isComplete: false } satisfies Partial<Shrunk>;
    const aborted = await shrinkFake(bug, { signal: AbortSignal.abort() });
    expect(aborted.shrunk).toMatchObject(none);
    const late = await shrinkFake(bug, { deadlineMs: 0 });
    expect(late.shrunk).toMatchObject(none);
  });

  test('a failure that does not come again stays as it was', async () => {
    let runs = 0;
    const fails: FakeBug['fails'] = () => (runs++ === 0 ? 'once' : undefined);
    const { shrunk } = await shrinkFake({ names, fails });
    expect(shrunk).toMatchObject({ runs: 1, isComplete: false, options: { seed: 17 } });
    expect(shrunk.outcome.finding?.rule).toBe('once');
  });
});
