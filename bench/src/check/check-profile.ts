import type { Budget } from '../measure/job.ts';

/** How a check measures. */
export interface CheckProfile {
  readonly name: 'gate' | 'headline';
  /** Flags of the measured processes. */
  readonly flags: readonly string[];
  readonly budget: Budget;
  readonly firstPairs: number;
  readonly mostPairs: number;
  readonly confirmPairs: number;
  readonly deadlineMs: number;
  /** Which of a process's chunks is its value: 0 for the best, 0.25 for the lower quartile. */
  readonly chunkShare: number;
}

/**
 * Take out of V8 what differs from process to process: when code is compiled (synchronously, after as many calls in each), and
 * the seeds of its hash tables and random numbers. The optimising compiler stays on, so it is the same code that users run;
 * with default flags two processes of one build may settle 10 % apart.
 */
const deterministic = ['--predictable', '--hash-seed=1', '--random-seed=1'] as const;

export const checkProfiles: Readonly<Record<CheckProfile['name'], CheckProfile>> = {
  gate: {
    name: 'gate',
    flags: deterministic,
    firstPairs: 8,
    mostPairs: 24,
    confirmPairs: 16,
    deadlineMs: 60_000,
    chunkShare: 0,
    budget: {
      warmupMs: 30,
      windows: 1,
      measureMs: 40,
      chunksMin: 3,
      chunkMs: 2,
      groupWindows: 3,
      groupWindowMs: 80,
      groupRejectsMax: 6,
      latencyCalls: 0,
      openLoopMs: 200,
      accountMs: 10,
    },
  },
  headline: {
    name: 'headline',
    flags: [],
    firstPairs: 20,
    mostPairs: 40,
    confirmPairs: 24,
    deadlineMs: 120_000,
    chunkShare: 0.25,
    budget: {
      warmupMs: 150,
      windows: 2,
      measureMs: 120,
      chunksMin: 4,
      chunkMs: 2.5,
      groupWindows: 4,
      groupWindowMs: 80,
      groupRejectsMax: 10,
      latencyCalls: 0,
      openLoopMs: 500,
      accountMs: 10,
    },
  },
};
