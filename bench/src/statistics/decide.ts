import type { Random } from '@quorate/core';
import { bootstrap, type Estimate } from './bootstrap.ts';
import { exchangeP } from './exchange-test.ts';
import { type Pair, shiftOf } from './shift.ts';

/** When a change counts as one, and how many pairs of processes are spent on finding out. Shares are of the base's value. */
export interface Rule {
  /** Smaller changes are none. */
  readonly minEffect: number;
  /** Pairs before the first look; a look follows every {@link lookEvery} pairs. */
  readonly firstPairs: number;
  /** Pairs after which a comparison that is still undecided is left so. */
  readonly mostPairs: number;
  /** Fresh pairs that must repeat what the first showed; as many again, and again, where they do not leave it beyond doubt. */
  readonly confirmPairs: number;
  /** Probability of at least one false alarm in a whole run. */
  readonly alpha: number;
  /** Only a rise is of interest: pairs are not spent on showing that there is none. */
  readonly riseOnly?: true;
}

export const lookEvery = 4;

/** The pairs of a comparison: those that raised a suspicion or not, and those that were to confirm it. */
export interface Series {
  readonly screen: readonly Pair[];
  readonly confirm: readonly Pair[];
}

/** What to do next: take a pair for the screening, take one for the confirmation, or nothing more. */
export type Step = 'screen' | 'confirm' | 'stop';

/** Below this share of the least effect, nothing moves. */
const quietShare = 0.48;

/** Of the interval that the looks go by: 99.5 % to either side. */
const confidence = 0.99;

const resamples = 1000;

/** How often the confirmation is looked at, at most; each look has its part of the level (Bonferroni). */
const confirmLooks = 3;

/**
 * Decides after each pair whether to go on. It looks at 8, 12, 16, … pairs: what does not move stops at the first look, what
 * clearly moves goes on to the confirmation at once, and what is unsure gets more pairs.
 *
 * Looking repeatedly costs nothing of the level: the verdict stands on the confirming pairs alone, and the looks at those are
 * paid for.
 *
 * @param comparisons how many there are in the run: a p-value that passes among so many needs no second look
 */
export function nextStep({ screen, confirm }: Series, rule: Rule, comparisons: number, random: Random): Step {
  if (confirm.length > 0) return isSettled(confirm, rule, comparisons, random) ? 'stop' : 'confirm';
  if (screen.length < rule.firstPairs) return 'screen';
  if ((screen.length - rule.firstPairs) % lookEvery !== 0 && screen.length < rule.mostPairs) return 'screen';
  const estimate = estimateOf(screen, random);
  if (isSuspect(estimate, screen.length, rule)) return 'confirm';
  if (screen.length >= rule.mostPairs) return 'stop';
  return isQuiet(estimate, rule) || isFaster(estimate, screen.length, rule) ? 'stop' : 'screen';
}

/** The most pairs that a confirmation takes. */
export function confirmPairsMax(rule: Rule): number {
  return confirmLooks * rule.confirmPairs;
}

/** Whether the confirming pairs have said all that they will, for or against. */
function isSettled(confirm: readonly Pair[], rule: Rule, comparisons: number, random: Random): boolean {
  if (confirm.length >= confirmPairsMax(rule)) return true;
  if (confirm.length % rule.confirmPairs !== 0) return false;
  if (shiftOf(confirm) < quietShare * Math.log1p(rule.minEffect)) return true;
  if (confirmP(confirm, random) > rule.alpha / Math.max(1, comparisons)) return false;
  const estimate = estimateOf(confirm, random);
  return estimate.value > Math.log1p(rule.minEffect) ? estimate.lo > 0 : isBounded(estimate, rule);
}

export type Verdict = 'unchanged' | 'regression' | 'possible' | 'improvement' | 'inconclusive';

/** What the pairs say, before the other comparisons of the run are taken into account ({@link verdictOf}). */
export interface Judgement {
  /** Of the logarithm of head / base, by the pairs that `stage` names. */
  readonly estimate: Estimate;
  readonly pairs: number;
  readonly stage: 'screen' | 'confirm';
  /** The screening raised a suspicion. */
  readonly suspect: boolean;
  /** That confirming pairs as slow as these come from builds that are equally fast; 1 where there was no suspicion. */
  readonly p: number;
}

/**
 * Confirming pairs have the last word, also on what was not suspected itself but came along with what was.
 *
 * @throws RangeError where there is no pair
 */
export function judge(series: Series, rule: Rule, random: Random): Judgement {
  const { screen, confirm } = series;
  if (confirm.length < rule.confirmPairs) {
    const estimate = estimateOf(screen, random);
    const suspect = isSuspect(estimate, screen.length, rule);
    return { estimate, pairs: screen.length, stage: 'screen', suspect, p: 1 };
  }
  const p = confirmP(confirm, random);
  const estimate = estimateOf(confirm, random);
  const suspect = screen.length > 0 && isSuspect(estimateOf(screen, random), screen.length, rule);
  return { estimate, pairs: confirm.length, stage: 'confirm', suspect, p };
}

/**
 * The verdict on one comparison of a run.
 *
 * Above the least effect there is no third way between shown and open: what could not be confirmed is inconclusive, and
 * `possible` is only what is surely there and smaller than what counts.
 *
 * @param adjustedP its p-value among those of all comparisons of the run ({@link holm})
 */
export function verdictOf(judgement: Judgement, adjustedP: number, rule: Rule): Verdict {
  const { estimate, stage, suspect, pairs } = judgement;
  const effect = Math.log1p(rule.minEffect);
  if (stage === 'confirm') {
    if (estimate.value > effect && estimate.lo > 0 && adjustedP <= rule.alpha) return 'regression';
    if (estimate.value > effect || !isBounded(estimate, rule)) return 'inconclusive';
    if (isFaster(estimate, pairs, rule)) return 'improvement';
    return estimate.value >= quietShare * effect ? 'possible' : 'unchanged';
  }
  const open = suspect || estimate.value > effect || !isBounded(estimate, rule);
  if (pairs < rule.firstPairs || open) return 'inconclusive';
  if (isFaster(estimate, pairs, rule)) return 'improvement';
  return estimate.lo > 0 && estimate.value >= quietShare * effect ? 'possible' : 'unchanged';
}

function estimateOf(pairs: readonly Pair[], random: Random): Estimate {
  const [first] = pairs;
  // Counted amounts are often the same in all pairs.
  if (first !== undefined && pairs.every(({ base, head }) => base === first.base && head === first.head)) {
    const value = first.head - first.base;
    return { value, lo: value, hi: value };
  }
  const indices = pairs.map((_, index) => index);
  return bootstrap(indices, drawn => shiftOf(pairs, drawn), random, { confidence, resamples });
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

function confirmP(confirm: readonly Pair[], random: Random): number {
  return Math.min(1, confirmLooks * exchangeP(confirm, random));
}
