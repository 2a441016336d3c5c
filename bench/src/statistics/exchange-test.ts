import type { Random } from '@quorate/core';
import { median } from './quantile.ts';
import type { Pair } from './shift.ts';

/** Up to so many pairs all exchanges are gone through; of more, so many are drawn. */
const exactPairsMax = 16;
const draws = 200_000;

/** Differences up to so many times the usual one have their full say, those above so many have none. */
const usual = 2;
const outlying = 4;

/**
 * The probability that heads come out as far above bases as they do if both builds are equally fast: the share of all
 * exchanges of head and base within pairs in which they come out as far (Fisher's randomisation test). One-sided.
 *
 * It assumes nothing about noise. The order within a pair is drawn, so where both builds are equally fast either process
 * could as well have been the other's; what a machine does for seconds or minutes strikes both alike.
 *
 * What is added up are the differences of pairs, in units of the usual one. A pair of which one process was slowed by a
 * neighbour differs by many times that, in either direction, and says nothing of the builds: the more it differs, the less it
 * counts. As that depends on the size of a difference alone, which an exchange leaves as it is, the share stays exact.
 *
 * @returns above 0: at least 2^-pairs, and 1 / 200,001 for more than 16 pairs, of which 200,000 exchanges are drawn
 */
export function exchangeP(pairs: readonly Pair[], random: Random): number {
  const differences = pairs.map(({ base, head }) => head - base).filter(difference => difference !== 0);
  if (differences.length === 0) return 1;
  const scale = median(differences.map(Math.abs));
  const says = Float64Array.from(differences, difference => sayOf(Math.abs(difference) / scale));
  const observed = differences.reduce(
    (sum, difference, pair) => sum + Math.sign(difference) * (says[pair] as number),
    0,
  );
  // Sums of the same terms in another order differ in the last digits.
  const enough = observed - 1e-9;
  return says.length <= exactPairsMax ? exactShare(says, enough) : drawnShare(says, enough, random);
}

function sayOf(size: number): number {
  if (size <= 1) return size;
  return Math.max(0, Math.min(1, (outlying - size) / (outlying - usual)));
}

function exactShare(says: Float64Array, enough: number): number {
  const all = 2 ** says.length;
  let asFar = 0;
  for (let exchange = 0; exchange < all; exchange++) {
    let sum = 0;
    for (let pair = 0; pair < says.length; pair++) {
      sum += (exchange >>> pair) & 1 ? (says[pair] as number) : -(says[pair] as number);
    }
    if (sum >= enough) asFar += 1;
  }
  return asFar / all;
}

function drawnShare(says: Float64Array, enough: number, random: Random): number {
  let asFar = 1;
  for (let draw = 0; draw < draws; draw++) {
    let sum = 0;
    let bits = 0;
    for (let pair = 0; pair < says.length; pair++) {
      if (pair % 32 === 0) bits = random.uint32();
      sum += (bits >>> (pair % 32)) & 1 ? (says[pair] as number) : -(says[pair] as number);
    }
    if (sum >= enough) asFar += 1;
  }
  return asFar / (draws + 1);
}
