import type { Guards } from '../measure/job.ts';

/** Between these, twice the cycles take twice the time. */
const linear = { least: 1.8, most: 2.2 } as const;
const timesEmptyLeast = 10;
const fallingMost = 0.02;

/** A guard that does not hold, and whether the machine may be to blame. */
export interface BrokenGuard {
  readonly why: string;
  /** Whether a busy machine can bring it about: then nothing is known, else the bench is wrong. */
  readonly byNoise: boolean;
}

/** Why times of this kernel mean nothing; undefined where they do. */
export function brokenGuard({ linearity, timesEmpty, stillFalling }: Guards): BrokenGuard | undefined {
  if (!(timesEmpty >= timesEmptyLeast)) {
    const why = `An operation must take at least ${timesEmptyLeast} times as long as an empty loop's turn: it takes ${timesEmpty.toFixed(1)} times as long; its work was optimised away, or an operation is too small`;
    return { why, byNoise: false };
  }
  if (!(linearity >= linear.least && linearity <= linear.most)) {
    const why = `Twice the work must take ${linear.least} to ${linear.most} times as long: it takes ${linearity.toFixed(2)} times as long`;
    return { why, byNoise: true };
  }
  if (stillFalling > fallingMost) {
    const why = `Bench must be warm before it is measured: it still got ${(stillFalling * 100).toFixed(1)} % faster at the end of the warm-up`;
    return { why, byNoise: true };
  }
  return undefined;
}
