import type { Random } from '@quorate/core';
import { bootstrap, type Estimate } from './bootstrap.ts';
import { hodgesLehmann } from './hodges-lehmann.ts';

/**
 * How many times `to` goes into `of`, from samples taken in pairs: the Hodges–Lehmann estimate of the logarithms of the
 * pairs' ratios, with a bootstrap interval over the pairs.
 *
 * Pairing cancels what both members of a pair suffered from the machine; the logarithm makes 2 and 1/2 equally far from 1.
 *
 * @throws RangeError where there is no pair or a value is not positive
 */
export function pairedRatio(of: readonly number[], to: readonly number[], random: Random): Estimate {
  if (of.length !== to.length || of.length === 0) {
    throw new RangeError(
      `Paired samples must be equally many, and some: received ${of.length} and ${to.length}`,
    );
  }
  const logs = of.map((time, index) => {
    const other = to[index] as number;
    if (!(time > 0) || !(other > 0))
      throw new RangeError(`Times must be positive: received ${time} and ${other}`);
    return Math.log(time / other);
  });
  const { value, lo, hi } = bootstrap(logs, hodgesLehmann, random);
  return { value: Math.exp(value), lo: Math.exp(lo), hi: Math.exp(hi) };
}
