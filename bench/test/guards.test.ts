import { describe, expect, it } from 'vitest';
import { brokenGuard } from '../src/check/guards.ts';
import { soundGuards } from './fake-subjects.ts';

describe('brokenGuard', () => {
  it('lets pass what is within bounds, up to the bounds', () => {
    expect(brokenGuard(soundGuards)).toBeUndefined();
    for (const linearity of [1.8, 2.2]) expect(brokenGuard({ ...soundGuards, linearity })).toBeUndefined();
    expect(brokenGuard({ ...soundGuards, timesEmpty: 10 })).toBeUndefined();
    for (const stillFalling of [0.02, -1])
      expect(brokenGuard({ ...soundGuards, stillFalling })).toBeUndefined();
  });

  it('blames the bench alone for an operation that is too small: no machine makes one take less', () => {
    for (const [timesEmpty, said] of [
      [9.94, 'it takes 9.9 times as long'],
      [0, 'it takes 0.0 times as long'],
      [Number.NaN, 'it takes NaN times as long'],
    ] as const) {
      const broken = brokenGuard({ ...soundGuards, timesEmpty });
      expect(broken).toEqual({ why: expect.stringContaining(said), byNoise: false });
      expect(broken?.why).toContain('at least 10 times as long as an empty loop');
    }
  });

  it.each([
    [{ linearity: 1.79 }, 'Twice the work must take 1.8 to 2.2 times as long: it takes 1.79 times as long'],
    [{ linearity: 2.21 }, 'Twice the work must take 1.8 to 2.2 times as long: it takes 2.21 times as long'],
    [{ linearity: Number.NaN }, 'it takes NaN times as long'],
    [{ stillFalling: 0.031 }, 'it still got 3.1 % faster at the end of the warm-up'],
  ])('holds a busy machine for possible: %o', (wrong, why) => {
    expect(brokenGuard({ ...soundGuards, ...wrong })).toEqual({
      why: expect.stringContaining(why),
      byNoise: true,
    });
  });

  it('names the fault of the bench where the machine may have made another', () => {
    const broken = brokenGuard({ linearity: 3, timesEmpty: 1, stillFalling: 1 });
    expect(broken?.byNoise).toBe(false);
  });
});
