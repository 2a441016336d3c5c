import type { Random } from '@quorate/core';
import { quantile } from './quantile.ts';

export interface Estimate {
  readonly value: number;
  readonly lo: number;
  readonly hi: number;
}

export interface BootstrapOptions {
  /** The share of intervals that would hold the truth; 0.95 unless given. */
  readonly confidence?: number;
  readonly resamples?: number;
}

/**
 * An estimate with its percentile bootstrap interval (Efron 1979): the estimator applied to samples drawn from the sample.
 *
 * With few values it is too narrow: a nominal 95 % covers some 88 % at four or five values and 92 % at fifteen. The interval always
 * holds the estimate itself.
 */
export function bootstrap(
  sample: readonly number[],
  estimator: (sample: ArrayLike<number>) => number,
  random: Random,
  options: BootstrapOptions = {},
): Estimate {
  const { confidence = 0.95, resamples = 2000 } = options;
  const value = estimator(sample);
  const drawn = new Float64Array(sample.length);
  const estimates = new Float64Array(resamples);
  for (let round = 0; round < resamples; round++) {
    for (let index = 0; index < drawn.length; index++)
      drawn[index] = sample[random.below(sample.length)] as number;
    estimates[round] = estimator(drawn);
  }
  const tail = (1 - confidence) / 2;
  return {
    value,
    lo: Math.min(value, quantile(estimates, tail)),
    hi: Math.max(value, quantile(estimates, 1 - tail)),
  };
}
