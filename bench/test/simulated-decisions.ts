import { type Random, seededRandom } from '@quorate/core';
import {
  type Judgement,
  judge,
  nextStep,
  type Rule,
  type Step,
  type Verdict,
  verdictOf,
} from '../src/statistics/decide.ts';
import { holm } from '../src/statistics/holm.ts';

/** Whole comparisons on made-up pairs: steps, verdict and correction are those of a run. */

export const gateRule: Rule = {
  minEffect: 0.025,
  alpha: 0.01,
  firstPairs: 8,
  mostPairs: 24,
  confirmPairs: 16,
};

/** Draws the logarithm of head / base of one pair whose builds are equally fast. */
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
  /** One process in so many meets a neighbour that takes up to 30 % of its time, in either build. */
  contaminated: (deviation: number, oneIn: number): Noise => {
    const met = (random: Random): number =>
      random.below(oneIn) === 0 ? Math.log1p(0.3 * random.float()) : 0;
    return random => deviation * normal(random) + met(random) - met(random);
  },
  /** Each process settles on one of two levels, 10 % apart: V8 with its own flags. */
  lottery: (deviation: number): Noise => {
    const level = (random: Random): number => (random.below(2) === 0 ? 0 : Math.log1p(0.1));
    return random => deviation * normal(random) + level(random) - level(random);
  },
};

export interface Comparison {
  readonly rule: Rule;
  readonly judgement: Judgement;
  readonly screen: readonly number[];
  readonly confirm: readonly number[];
}

/** What head really takes more, as a share. */
export type Change = number | { readonly screen: number; readonly confirm: number };

/** Takes pairs for as long as the rule asks for them. */
export function compare(noise: Noise, change: Change, seed: string, rule: Rule = gateRule): Comparison {
  const random = seededRandom(seed);
  const pairs = random.fork('pairs');
  const series: Record<Exclude<Step, 'stop'>, number[]> = { screen: [], confirm: [] };
  const judging = (): Random => random.fork('judge');
  for (let step = nextStep(series, rule, judging()); step !== 'stop'; ) {
    series[step].push(Math.log1p(typeof change === 'number' ? change : change[step]) + noise(pairs));
    step = nextStep(series, rule, judging());
  }
  return { rule, judgement: judge(series, rule, judging()), ...series };
}

/** A run of many comparisons, corrected for all of them. */
export function verdictsOf(comparisons: readonly Comparison[]): Verdict[] {
  const adjusted = holm(comparisons.map(({ judgement }) => judgement.p));
  return comparisons.map(({ judgement, rule }, index) =>
    verdictOf(judgement, adjusted[index] as number, rule),
  );
}

/** So many runs of twenty comparisons each. */
export function runs(count: number, noise: Noise, change: Change, label: string): Comparison[][] {
  return Array.from({ length: count }, (_, run) =>
    Array.from({ length: 20 }, (__, place) => compare(noise, change, `${label} ${run} ${place}`)),
  );
}
