import type { Random } from '@quorate/core';
import { bootstrap, type Estimate } from './bootstrap.ts';
import { hodgesLehmann } from './hodges-lehmann.ts';

/** When a change counts as one, and how many pairs of processes are spent on finding out. Shares are of the base's value. */
export interface Rule {
  /** Smaller changes are none. */
  readonly minEffect: number;
  /** Pairs before the first look; a look follows every {@link lookEvery} pairs. */
  readonly firstPairs: number;
  /** Pairs after which a comparison that is still undecided is left so. */
  readonly mostPairs: number;
  /** Fresh pairs that must repeat what the first showed; twice as many where they do not leave it beyond doubt. */
  readonly confirmPairs: number;
  /** Probability of at least one false alarm in a whole run. */
  readonly alpha: number;
  /** Only a rise is of interest: pairs are not spent on showing that there is none. */
  readonly riseOnly?: true;
}

export const lookEvery = 4;

/** Logarithms of head / base, pair by pair: those that raised a suspicion or not, and those that were to confirm it. */
export interface Series {
  readonly screen: readonly number[];
  readonly confirm: readonly number[];
}

/** What to do next: take a pair for the screening, take one for the confirmation, or nothing more. */
export type Step = 'screen' | 'confirm' | 'stop';

/** Below this share of the least effect, nothing moves. */
const quietShare = 0.48;

/** Of the interval that the looks go by: 99.5 % to either side. */
const confidence = 0.99;

const looksResamples = 1000;
const testResamples = 100_000;

/** The confirmation is looked at twice at most, so each look has half of the level (Bonferroni). */
const confirmLooks = 2;

/** A p-value below this share of the level passes among any hundred comparisons: no need to look again. */
const beyondDoubt = 0.01;

/**
 * Decides after each pair whether to go on. It looks at 8, 12, 16, … pairs: what does not move stops at the first look, what
 * clearly moves goes on to the confirmation at once, and what is unsure gets more pairs.
 *
 * Looking repeatedly costs nothing of the level: the verdict stands on the confirming pairs alone, and the two looks at those
 * are paid for.
 */
export function nextStep({ screen, confirm }: Series, rule: Rule, random: Random): Step {
  if (confirm.length > 0) return isConfirmed(confirm, rule, random) ? 'stop' : 'confirm';
  if (screen.length < rule.firstPairs) return 'screen';
  if ((screen.length - rule.firstPairs) % lookEvery !== 0 && screen.length < rule.mostPairs) return 'screen';
  const estimate = estimateOf(screen, random);
  if (isSuspect(estimate, screen.length, rule)) return 'confirm';
  if (screen.length >= rule.mostPairs) return 'stop';
  return isQuiet(estimate, rule) || isFaster(estimate, screen.length, rule) ? 'stop' : 'screen';
}

/** Whether the confirming pairs have said all that they will. */
function isConfirmed(confirm: readonly number[], rule: Rule, random: Random): boolean {
  if (confirm.length !== rule.confirmPairs) return confirm.length >= confirmLooks * rule.confirmPairs;
  const { value } = estimateOf(confirm, random);
  if (value < quietShare * Math.log1p(rule.minEffect)) return true;
  return confirmP(confirm, random) <= beyondDoubt * rule.alpha;
}

export type Verdict = 'unchanged' | 'regression' | 'possible' | 'improvement' | 'inconclusive';

/** What the pairs say, before the other comparisons of the run are taken into account ({@link verdictOf}). */
export interface Judgement {
  /** Of the logarithm of head / base, by the pairs that `stage` names. */
  readonly estimate: Estimate;
  readonly pairs: number;
  readonly stage: 'screen' | 'confirm';
  readonly suspect: boolean;
  /** That confirming pairs as slow as these come from builds that are equally fast; 1 where there was no suspicion. */
  readonly p: number;
}

/** @throws RangeError where there is no pair */
export function judge(series: Series, rule: Rule, random: Random): Judgement {
  const { screen, confirm } = series;
  const first = estimateOf(screen, random);
  const suspect = isSuspect(first, screen.length, rule);
  if (!suspect || confirm.length < rule.confirmPairs) {
    return { estimate: first, pairs: screen.length, stage: 'screen', suspect, p: 1 };
  }
  const estimate = estimateOf(confirm, random);
  return { estimate, pairs: confirm.length, stage: 'confirm', suspect, p: confirmP(confirm, random) };
}

/**
 * The verdict on one comparison of a run.
 *
 * @param adjustedP its p-value among those of all comparisons of the run ({@link holm})
 */
export function verdictOf(judgement: Judgement, adjustedP: number, rule: Rule): Verdict {
  const { estimate, stage, suspect, pairs } = judgement;
  const effect = Math.log1p(rule.minEffect);
  if (stage === 'confirm') {
    if (estimate.value > effect && estimate.lo > 0 && adjustedP <= rule.alpha) return 'regression';
    if (estimate.value >= quietShare * effect) return 'possible';
    return isBounded(estimate, rule) ? 'unchanged' : 'inconclusive';
  }
  if (suspect) return 'possible';
  if (pairs < rule.firstPairs || !isBounded(estimate, rule)) return 'inconclusive';
  if (isFaster(estimate, pairs, rule)) return 'improvement';
  return estimate.lo > 0 && estimate.value >= quietShare * effect ? 'possible' : 'unchanged';
}

function estimateOf(series: readonly number[], random: Random): Estimate {
  const [first] = series;
  // Counted amounts are often the same in all pairs.
  if (first !== undefined && series.every(value => value === first))
    return { value: first, lo: first, hi: first };
  return bootstrap(series, hodgesLehmann, random, { confidence, resamples: looksResamples });
}

/** Slower by the least effect, and surely slower; with few pairs more surely. */
function isSuspect({ value, lo }: Estimate, pairs: number, rule: Rule): boolean {
  return value > Math.log1p(rule.minEffect) && lo > marginOf(pairs, rule);
}

/** How far from nothing an interval must stay: with few pairs, intervals are too narrow. */
function marginOf(pairs: number, rule: Rule): number {
  const enough = pairs >= Math.min(2 * rule.firstPairs, rule.mostPairs);
  return enough ? 0 : quietShare * Math.log1p(rule.minEffect);
}

function isQuiet(estimate: Estimate, rule: Rule): boolean {
  const effect = Math.log1p(rule.minEffect);
  if (rule.riseOnly === true) return estimate.value < quietShare * effect;
  return estimate.value < quietShare * effect && estimate.value > -effect && isBounded(estimate, rule);
}

function isFaster({ value, hi }: Estimate, pairs: number, rule: Rule): boolean {
  return value < -Math.log1p(rule.minEffect) && hi < -marginOf(pairs, rule);
}

/** A slowdown of twice the least effect is out of the question: only then can a comparison be called unchanged. */
function isBounded({ hi }: Estimate, rule: Rule): boolean {
  return hi < 2 * Math.log1p(rule.minEffect);
}

function confirmP(confirm: readonly number[], random: Random): number {
  return Math.min(1, confirmLooks * shareNotAbove0(confirm, random));
}

/**
 * One-sided bootstrap p-value of "not slower": the share of resamples whose Hodges–Lehmann estimate is not above 0. Never 0, as
 * no number of resamples can show that.
 *
 * The estimate is the median of the means of all pairs, so it is above 0 where most of those means are: that is counted, and
 * nothing is sorted.
 */
function shareNotAbove0(series: readonly number[], random: Random): number {
  const { length } = series;
  const half = (length * (length + 1)) / 4;
  const drawn = new Float64Array(length);
  // Then all resamples are.
  if (series.every(value => value > 0)) return 1 / (testResamples + 1);
  let notAbove = 0;
  for (let round = 0; round < testResamples; round++) {
    for (let index = 0; index < length; index++) drawn[index] = series[random.below(length)] as number;
    if (meansAbove0(drawn) <= half) notAbove += 1;
  }
  return (notAbove + 1) / (testResamples + 1);
}

function meansAbove0(series: Float64Array): number {
  let above = 0;
  for (let first = 0; first < series.length; first++) {
    const value = series[first] as number;
    for (let second = first; second < series.length; second++)
      if (value + (series[second] as number) > 0) above += 1;
  }
  return above;
}
