import { describe, expect, it } from 'vitest';
import type { Job, Sample } from '../src/measure/job.ts';
import { profiles } from '../src/run/profile.ts';
import { type ContestOutcome, runContests, sampleCount } from '../src/run/schedule.ts';
import type { Bench } from '../src/suite.ts';
import { anyKernel, contestOf, sampleOf } from './outcomes.ts';

const bench: Bench = { name: 'b', contenders: { one: anyKernel, two: anyKernel, three: anyKernel } };
const profile = { ...profiles.quick, rounds: 6 };

async function run(
  chosen: Bench,
  measure: (job: Job) => Promise<Sample>,
  options: { seed?: number; signal?: AbortSignal } = {},
): Promise<{ outcome: ContestOutcome; jobs: Job[] }> {
  const jobs: Job[] = [];
  const [outcome] = await runContests([contestOf(chosen)], {
    profile,
    seed: options.seed ?? 1,
    keysFile: '/keys',
    signal: options.signal ?? new AbortController().signal,
    measure: job => {
      jobs.push(job);
      return measure(job);
    },
  });
  return { outcome: outcome as ContestOutcome, jobs };
}

const orders = (jobs: readonly Job[]): string[] =>
  Array.from({ length: jobs.length / 3 }, (_, round) =>
    jobs
      .slice(round * 3, round * 3 + 3)
      .map(job => job.contender)
      .join(' '),
  );

describe('runContests', () => {
  it('measures every row once in each round, in an order that changes and follows from the seed', async () => {
    const { jobs } = await run(bench, async () => sampleOf({}));
    expect(jobs).toHaveLength(sampleCount([contestOf(bench)], profile));
    for (const order of orders(jobs)) expect(order.split(' ').sort()).toEqual(['one', 'three', 'two']);
    expect(new Set(orders(jobs)).size).toBeGreaterThan(1);
    expect(orders((await run(bench, async () => sampleOf({}))).jobs)).toEqual(orders(jobs));
    expect(orders((await run(bench, async () => sampleOf({}), { seed: 2 })).jobs)).not.toEqual(orders(jobs));
  });

  it('says for each sample in which round and place it was taken', async () => {
    const { outcome, jobs } = await run(bench, async () => sampleOf({}));
    for (const { row, samples } of outcome.rows) {
      expect(samples.map(({ round }) => round)).toEqual([0, 1, 2, 3, 4, 5]);
      for (const { round, place } of samples) expect(jobs[round * 3 + place]?.contender).toBe(row.contender);
    }
  });

  it('lets every process of a row do what its first one found', async () => {
    const found = { warmupCycles: 40, cyclesPerChunk: 12, chunksPerWindow: 5 };
    const { jobs } = await run(bench, async () => sampleOf(found));
    const own = jobs.filter(job => job.contender === 'two');
    expect(own[0]).not.toHaveProperty('cyclesPerChunk');
    for (const job of own.slice(1)) expect(job).toMatchObject(found);
  });

  it('does not run a row again that failed, and goes on with the others', async () => {
    const { outcome, jobs } = await run(bench, async job => {
      if (job.contender === 'two') throw new Error('It broke');
      return sampleOf({});
    });
    expect(jobs.filter(job => job.contender === 'two')).toHaveLength(1);
    expect(outcome.rows.map(row => row.failure)).toEqual([undefined, 'It broke', undefined]);
    expect(outcome.rows[0]?.samples).toHaveLength(6);
  });

  it('fails a row whose processes do not do the same work', async () => {
    let process = 0;
    const { outcome } = await run({ name: 'b', contenders: { one: anyKernel } }, async () =>
      sampleOf({ checksum: process++ }),
    );
    expect(outcome.rows[0]?.failure).toBe(
      'Bench must do the same work in each process: its checksum was 0, then 1',
    );
  });

  it('fails contenders that are to agree and do not', async () => {
    const measure = async (job: Job): Promise<Sample> =>
      sampleOf({ checksum: job.contender === 'two' ? 1 : 2 });
    const { outcome } = await run({ ...bench, agree: true }, measure);
    expect(outcome.rows.map(row => row.failure)).toEqual([
      undefined,
      'Contenders must compute the same: two has checksum 1, one 2',
      undefined,
    ]);
    const { outcome: free } = await run(bench, measure);
    expect(free.rows.map(row => row.failure)).toEqual([undefined, undefined, undefined]);
  });

  it('stops at once when it is interrupted', async () => {
    const controller = new AbortController();
    let count = 0;
    const running = run(
      bench,
      async () => {
        if (++count === 4) controller.abort();
        return sampleOf({});
      },
      { signal: controller.signal },
    );
    await expect(running).rejects.toThrow('abort');
    expect(count).toBe(4);
  });

  it('does not measure rows that are skipped', async () => {
    const contest = contestOf(bench, [{ contender: 'one', threads: 1, skipped: 'why' }]);
    expect(sampleCount([contest], profile)).toBe(0);
  });
});
