import type { Verdict } from '../statistics/decide.ts';

/** What else the machine does during a run: nothing, so many busy processes, or a second run like this one. */
export type Condition = 'quiet' | 'one neighbour' | 'two neighbours' | 'twin';

/**
 * One whole run of the check on benches whose truth is known: a line of the results file.
 *
 * It holds the pairs, rounded to a hundredth of a percent, so that other ways to decide can be tried on them.
 */
export interface ValidationRun {
  readonly schema: 'quorate-bench-validation/2';
  readonly startedAt: string;
  readonly seconds: number;
  readonly condition: Condition;
  /** Whether all benches ran the same in both builds, or most of them slower in one. */
  readonly kind: 'same' | 'changed';
  readonly seed: number;
  readonly node: string;
  readonly cpu: string;
  readonly cores: number;
  readonly load: readonly [number, number];
  /** A digest of the code that measures and decides. */
  readonly method: string;
  readonly processes: number;
  readonly exitCode: 0 | 1 | 2 | 3;
  readonly canariesPassed: boolean;
  /** How many comparisons of time and all else the run made. */
  readonly family: number;
  /** What became of each canary, in words. */
  readonly canaries: readonly string[];
  readonly comparisons: readonly Comparison[];
  /** Verdicts other than `unchanged` on what is not time: `bench, metric: verdict`. */
  readonly others: readonly string[];
}

export interface Comparison {
  readonly bench: string;
  /** Change of head against base in percent that the kernel makes: 0, 5, 10, -5. */
  readonly truth: number;
  /** `failed` where the bench itself did. */
  readonly verdict: Verdict | 'failed';
  readonly screen: PairLogs;
  readonly confirm: PairLogs;
}

/** What the processes of each build found, pair by pair: logarithms in hundredths of a percent, beside the first base. */
export interface PairLogs {
  readonly base: readonly number[];
  readonly head: readonly number[];
}
