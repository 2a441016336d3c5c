import { afterAll, describe, expect, it } from 'vitest';
import { brokenGuard } from '../src/check/guards.ts';
import type { Job } from '../src/measure/job.ts';
import { measureFake, subjectOf } from './fake-subjects.ts';
import { MeasuredBenches } from './measured-job.ts';

const benches = new MeasuredBenches('guarded');

afterAll(() => benches[Symbol.dispose]());

/** What becomes of a bench in a check of real processes: as far as its pilots. */
async function checked(bench: string) {
  const measured: Job[] = [];
  let nowMs = 0;
  const { runs } = await measureFake(
    [subjectOf(bench)],
    async job => {
      measured.push(job);
      // No pair is begun after the pilots.
      nowMs = 1;
      return benches.sample(bench, job.pilot === true ? { pilot: true } : {});
    },
    { budgetMs: 1, nowMs: () => nowMs },
  );
  return { run: runs[0], measured };
}

/** Why times of a kernel mean nothing, as one real process finds it. */
async function brokenIn(bench: string): Promise<string | undefined> {
  const { guards } = await benches.sample(bench, { pilot: true });
  if (guards === undefined) throw new Error('A pilot must have guards: received none');
  return brokenGuard(guards)?.why;
}

describe('guards in a measured process', () => {
  it('hold for a kernel that works', async () => {
    const { run, measured } = await checked('sound');
    expect(run?.trouble).toBeUndefined();
    expect(run?.next).toBe('screen');
    // One pilot of each build, and another where the machine was busy.
    expect(measured.length).toBeGreaterThanOrEqual(2);
  });

  it('fail a bench whose work was optimised away, after three pilots', async () => {
    const { run, measured } = await checked('optimised away');
    expect(run?.trouble).toEqual({
      status: 'failed',
      why: expect.stringMatching(/^An operation must take at least 10 times .* its work was optimised away/),
    });
    expect(measured.map(({ pilot }) => pilot)).toEqual([true, true, true]);
  });

  it('are not even asked where a bench gives out again what it found once', async () => {
    await expect(benches.sample('cached', { pilot: true })).rejects.toThrow(
      /^Bench takes 0\.\d+ ns per operation: its work was optimised away$/,
    );
  });

  it.each(['cached, ten operations', 'cached, one operation'])(
    'are not deceived by what it takes to ask for it: %s',
    async bench => {
      expect(await brokenIn(bench)).toMatch(/^An operation must take at least 10 times as long/);
    },
  );

  it('see work that is done once in a chunk, however many cycles it has', async () => {
    expect(await brokenIn('cached for a chunk')).toBe(
      'Twice the work must take 1.8 to 2.2 times as long: it takes 1.00 times as long',
    );
  });

  it('see a kernel that gets faster and faster', async () => {
    expect(await brokenIn('warming up')).toMatch(
      /^Bench must be warm before it is measured: it still got \d+\.\d % faster at the end of the warm-up$/,
    );
  });

  it('are looked at by pilots alone, and not in thread groups', async () => {
    expect(await benches.sample('sound')).not.toHaveProperty('guards');
    const inGroup = { pilot: true, inGroup: true } as const;
    expect(await benches.sample('sound', inGroup)).not.toHaveProperty('guards');
  });
});
