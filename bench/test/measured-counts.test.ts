import { afterAll, describe, expect, it } from 'vitest';
import type { Account } from '../src/measure/job.ts';
import { MeasuredBenches } from './measured-job.ts';

const counted = new MeasuredBenches('counted');
const called = new MeasuredBenches('called');

afterAll(() => {
  counted[Symbol.dispose]();
  called[Symbol.dispose]();
});

/** As much work in each process, as in a check. */
const work = { warmupCycles: 50, cyclesPerChunk: 20, chunksPerWindow: 4 };

describe('what a measured process says of allocations', () => {
  const account = async (bench: string): Promise<Account> => {
    const sample = await counted.sample(bench, work);
    return sample.account as Account;
  };

  it('is the bytes of an operation, collections, and over how many', async () => {
    const [few, many, again] = [
      await account('makes 100 slots'),
      await account('makes 300 slots'),
      await account('makes 300 slots'),
    ];
    // Five chunks of the ten milliseconds that the profile has for it.
    expect(many.ops).toBe(5 * 20 * 100);
    const slot = (many.bytesPerOp - few.bytesPerOp) / 200;
    expect([4, 8]).toContain(Math.round(slot));
    expect(Math.abs(slot / Math.round(slot) - 1)).toBeLessThan(0.05);
    // Two processes with deterministic flags find the same, to half of what a check calls a change.
    expect(Math.abs(again.bytesPerOp / many.bytesPerOp - 1)).toBeLessThan(0.025);
    expect(many.collectionsPerOp).toBeGreaterThan(0);
  });

  it('is nothing where nothing is allocated, with and without something before each call', async () => {
    const plain = await account('makes nothing');
    expect(plain.bytesPerOp).toBeLessThan(1);
    expect((plain.collectionsPerOp ?? 1) * plain.ops).toBeLessThanOrEqual(1);
    const prepared = await account('makes nothing, prepared');
    // Before each call, some 50 bytes an operation are; V8 counts area by area.
    expect(prepared.bytesPerOp).toBeLessThan(10);
    expect(prepared).not.toHaveProperty('collectionsPerOp');
  });

  it('is nothing at all where the profile has no time for it', async () => {
    const { budget } = counted.job('makes nothing');
    const sample = await counted.sample('makes nothing', { ...work, budget: { ...budget, accountMs: 0 } });
    expect(sample).not.toHaveProperty('account');
  });
});

describe('what a measured process says of counts', () => {
  it('is what the kernel counted in the measured windows, per operation', async () => {
    const { counts } = await counted.sample('counts', work);
    expect(counts).toEqual({
      wakes: expect.closeTo(0.003, 12),
      retries: 0,
      tries: expect.closeTo(1, 12),
    });
  });

  it('is the same over several windows', async () => {
    const { budget } = counted.job('counts');
    const { counts } = await counted.sample('counts', { ...work, budget: { ...budget, windows: 3 } });
    expect(counts?.['wakes']).toBeCloseTo(0.003, 12);
  });

  it('is summed over the threads of a group, per operation of all of them, window by window', async () => {
    const { groupWindows, counts } = await counted.sample('counts in a group', {
      ...work,
      threads: 2,
      inGroup: true,
    });
    expect(counts).toBeUndefined();
    expect(groupWindows.length).toBeGreaterThan(0);
    for (const window of groupWindows) {
      // One of two threads has one in a thousand operations.
      expect(window.counts).toEqual({ wakes: expect.closeTo(0.003, 12), own: expect.closeTo(0.0005, 12) });
    }
  });

  it('is nothing where the kernel counts nothing', async () => {
    expect(await counted.sample('makes nothing', work)).not.toHaveProperty('counts');
  });

  it.each([
    ['counts down', /^Count "wakes" must only go up: it was -\d+, then -\d+$/],
    ['counts what is no number', 'Count "wakes" must only go up: it was Infinity, then Infinity'],
    ['forgets a count', 'Count "wakes" must only go up: it was 0, then undefined'],
  ])('fails a bench that %s', async (bench, message) => {
    await expect(counted.sample(bench, work)).rejects.toThrow(message);
  });
});

describe('an amount that a contender finds itself', () => {
  it.each([0, 12.5])('may be %d', async quantity => {
    expect(await counted.sample(`weighs ${quantity}`)).toMatchObject({ quantity });
  });

  it.each([-1, Number.NaN, Infinity])(
    'must not be %d: between processes that would be lost',
    async quantity => {
      await expect(counted.sample(`weighs ${quantity}`)).rejects.toThrow(
        `Quantity must be a number of at least 0: received ${quantity}`,
      );
    },
  );
});

describe('a bench with a rate', () => {
  it('has the latency of its calls', async () => {
    const { openLoop } = await called.sample('answers', { ...work, rate: 1000 });
    expect(openLoop).toMatchObject({ rate: 1000, calls: 50 });
    expect(openLoop?.corrected.p50).toBeGreaterThan(0);
    expect(await called.sample('answers', work)).not.toHaveProperty('openLoop');
  });

  it.each([
    ['has no call', 'Bench with a rate must have "call": received none'],
    ['throws', 'The call broke'],
    ['is rejected', 'The answer broke'],
  ])('fails where it %s', async (bench, message) => {
    await expect(called.sample(bench, { ...work, rate: 1000 })).rejects.toThrow(message);
  });
});
