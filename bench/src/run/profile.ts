import type { Budget } from '../measure/job.ts';

/** How much a run measures. */
export interface Profile {
  readonly name: 'quick' | 'full';
  /** Fresh processes per row; the process is the unit of the statistics, so this is their sample size. */
  readonly rounds: number;
  readonly budget: Budget;
  readonly deadlineMs: number;
}

/** `quick` runs every suite in some minutes on two cores; `full` is for figures that are quoted. */
export const profiles: Readonly<Record<Profile['name'], Profile>> = {
  quick: {
    name: 'quick',
    rounds: 4,
    deadlineMs: 60_000,
    budget: {
      warmupMs: 60,
      windows: 2,
      measureMs: 45,
      chunksMin: 2,
      chunkMs: 3,
      groupWindows: 3,
      groupWindowMs: 50,
      groupRejectsMax: 4,
      latencyCalls: 1000,
      openLoopMs: 250,
      accountMs: 10,
    },
  },
  full: {
    name: 'full',
    rounds: 15,
    deadlineMs: 120_000,
    budget: {
      warmupMs: 300,
      windows: 3,
      measureMs: 250,
      chunksMin: 6,
      chunkMs: 4,
      groupWindows: 5,
      groupWindowMs: 150,
      groupRejectsMax: 20,
      latencyCalls: 10_000,
      openLoopMs: 2000,
      accountMs: 20,
    },
  },
};
