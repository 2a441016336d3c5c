import { type Random, seededRandom } from '@quorate/core';
import {
  type Judgement,
  judge,
  nextStep,
  type Rule,
  type Series,
  type Step,
  type Verdict,
  verdictOf,
} from '../src/statistics/decide.ts';
import { holm } from '../src/statistics/holm.ts';
import type { Pair } from '../src/statistics/shift.ts';

/** Whole comparisons on made-up pairs: steps, verdict and correction are those of a run. */

export const gateRule: Rule = {
  minEffect: 0.025,
  alpha: 0.01,
  firstPairs: 8,
  mostPairs: 24,
  confirmPairs: 16,
};

/** Draws the logarithm of what a process takes, beside what its build takes. */
export type Noise = (random: Random) => number;

/** Box and Muller's. */
export function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random.float())) * Math.cos(2 * Math.PI * random.float());
}

export const noises = {
  /** Every process errs a little. */
  normal: (deviation: number): Noise => {
    return random => deviation * normal(random);
  },
  /** One process in so many meets a neighbour that takes up to 30 % of its time. */
  contaminated: (deviation: number, oneIn: number): Noise => {
    return random =>
      deviation * normal(random) + (random.below(oneIn) === 0 ? Math.log1p(0.3 * random.float()) : 0);
  },
  /** Each process settles on one of two levels, 10 % apart: V8 with its own flags. */
  lottery: (deviation: number): Noise => {
    return random => deviation * normal(random) + (random.below(2) === 0 ? 0 : Math.log1p(0.1));
  },
};

export interface Comparison extends Series {
  readonly rule: Rule;
  readonly judgement: Judgement;
}

/** Comparisons in a run. */
const comparisons = 20;

/** What head really takes more, as a share. */
export type Change = number | { readonly screen: number; readonly confirm: number };

/** Takes pairs for as long as the rule asks for them. */
export function compare(noise: Noise, change: Change, seed: string, rule: Rule = gateRule): Comparison {
  const random = seededRandom(seed);
  const draws = random.fork('pairs');
  const series: Record<Exclude<Step, 'stop'>, Pair[]> = { screen: [], confirm: [] };
  const judging = (): Random => random.fork('judge');
  for (let step = nextStep(series, rule, comparisons, judging()); step !== 'stop'; ) {
    const more = Math.log1p(typeof change === 'number' ? change : change[step]);
    series[step].push({ base: noise(draws), head: more + noise(draws) });
    step = nextStep(series, rule, comparisons, judging());
  }
  return { rule, judgement: judge(series, rule, judging()), ...series };
}

/** A run of many comparisons, corrected for all of them. */
export function verdictsOf(run: readonly Comparison[]): Verdict[] {
  const adjusted = holm(run.map(({ judgement }) => judgement.p));
  return run.map(({ judgement, rule }, index) => verdictOf(judgement, adjusted[index] as number, rule));
}

/** So many runs of twenty comparisons each. */
export function runs(count: number, noise: Noise, change: Change, label: string): Comparison[][] {
  return Array.from({ length: count }, (_, run) =>
    Array.from({ length: comparisons }, (__, place) => compare(noise, change, `${label} ${run} ${place}`)),
  );
}
