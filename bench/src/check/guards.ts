import type { Guards } from '../measure/job.ts';

/** Between these, twice the cycles take twice the time. */
const linear = { least: 1.8, most: 2.2 } as const;
const timesEmptyLeast = 10;
const fallingMost = 0.02;

/** Why times of this kernel mean nothing; undefined where they do. */
export function brokenGuard({ linearity, timesEmpty, stillFalling }: Guards): string | undefined {
  if (!(timesEmpty >= timesEmptyLeast)) {
    return `An operation must take at least ${timesEmptyLeast} times as long as an empty loop's turn: it takes ${timesEmpty.toFixed(1)} times as long; its work was optimised away, or an operation is too small`;
  }
  if (!(linearity >= linear.least && linearity <= linear.most)) {
    return `Twice the work must take ${linear.least} to ${linear.most} times as long: it takes ${linearity.toFixed(2)} times as long`;
  }
  if (stillFalling > fallingMost) {
    return `Bench must be warm before it is measured: it still got ${(stillFalling * 100).toFixed(1)} % faster at the end of the warm-up`;
  }
  return undefined;
}
