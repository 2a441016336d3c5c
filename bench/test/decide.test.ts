import { seededRandom } from '@quorate/core';
import { describe, expect, it } from 'vitest';
import {
  judge,
  nextStep,
  type Rule,
  type Series,
  type Step,
  type Verdict,
  verdictOf,
} from '../src/statistics/decide.ts';
import type { Pair } from '../src/statistics/shift.ts';
import { gateRule } from './simulated-decisions.ts';

const effect = Math.log1p(gateRule.minEffect);

/** A pair whose processes are so far apart, each as far from their middle as the other. */
function apart(difference: number): Pair {
  return { base: -difference / 2, head: difference / 2 };
}

/** Pairs of a change, of processes that lie evenly from this much below to as much above what their build takes. */
function pairs(count: number, change: number, spread = 0): Pair[] {
  const place = (index: number, step: number): number => (2 * ((index * step) % count) + 1) / count - 1;
  return Array.from({ length: count }, (_, index) => ({
    base: spread * place(index, 11),
    head: Math.log1p(change) + spread * place(index, 13),
  }));
}

/** Pairs whose differences lie evenly from one to the other. */
function evenly(count: number, from: number, to: number): Pair[] {
  return Array.from({ length: count }, (_, index) => apart(from + ((to - from) * index) / (count - 1)));
}

/** How many comparisons there are in the run. */
const among = 20;

function step(
  screen: readonly Pair[],
  confirm: readonly Pair[] = [],
  rule: Rule = gateRule,
  comparisons: number = among,
): Step {
  return nextStep({ screen, confirm }, rule, comparisons, seededRandom(1));
}

function verdict(series: Series, rule: Rule = gateRule, corrected = (p: number): number => p): Verdict {
  const judgement = judge(series, rule, seededRandom(1));
  return verdictOf(judgement, corrected(judgement.p), rule);
}

describe('nextStep, in the screening', () => {
  it('takes eight pairs before it looks, whatever they show', () => {
    for (let count = 0; count < 8; count++) expect(step(pairs(count, 0.5, 0.01))).toBe('screen');
  });

  it('stops at the first look where nothing moves', () => {
    expect(step(pairs(8, 0, 0.004))).toBe('stop');
    expect(step(pairs(8, -0.01, 0.004))).toBe('stop');
  });

  it('goes on where head seems faster and it is not sure', () => {
    const { value, hi } = judge(
      { screen: pairs(8, -0.04, 0.05), confirm: [] },
      gateRule,
      seededRandom(1),
    ).estimate;
    expect(value).toBeLessThan(-effect);
    expect(hi).toBeGreaterThan(0);
    expect(hi).toBeLessThan(2 * effect);
    expect(step(pairs(8, -0.04, 0.05))).toBe('screen');
  });

  it('has a clear slowdown confirmed at once', () => {
    expect(step(pairs(8, 0.05, 0.01))).toBe('confirm');
  });

  it('stops at once where head is clearly faster', () => {
    expect(step(pairs(8, -0.05, 0.01))).toBe('stop');
  });

  it('takes more pairs where it is unsure, and looks at every fourth', () => {
    const unsure = pairs(24, 0.018, 0.01);
    expect(step(unsure.slice(0, 8))).toBe('screen');
    // Between two looks it does not even stop where nothing moves.
    expect(step(pairs(9, 0, 0.001))).toBe('screen');
    expect(step(pairs(11, 0.05, 0.001))).toBe('screen');
    expect(step(pairs(12, 0.05, 0.001))).toBe('confirm');
    expect(step(unsure.slice(0, 12))).toBe('screen');
    expect(step(unsure.slice(0, 20))).toBe('screen');
    expect(step(unsure)).toBe('stop');
  });

  it('takes more pairs where a slowdown of twice the least effect is not ruled out', () => {
    const wide = pairs(24, 0, 0.12);
    expect(step(wide.slice(0, 8))).toBe('screen');
    expect(step(wide)).toBe('stop');
    // The interval ends at the upper of the two levels.
    expect(step(pairs(8, 0, 2.05 * effect))).toBe('screen');
    expect(step(pairs(8, 0, 1.95 * effect))).toBe('stop');
  });

  it('asks more of few pairs: their intervals are too narrow', () => {
    // The intervals of both begin between nothing and half of the least effect.
    const [few, enough] = [pairs(8, 0.035, 0.03), pairs(16, 0.03, 0.03)];
    for (const screen of [few, enough]) {
      const { value, lo } = judge({ screen, confirm: [] }, gateRule, seededRandom(1)).estimate;
      expect(value).toBeGreaterThan(effect);
      expect(lo).toBeGreaterThan(0);
      expect(lo).toBeLessThan(0.48 * effect);
    }
    expect(step(few)).toBe('screen');
    expect(step(enough)).toBe('confirm');
  });

  it('suspects nothing that is as large as the least effect, and anything larger', () => {
    const equal = Array.from({ length: 24 }, () => ({ base: 0, head: effect }));
    expect(step(equal)).toBe('stop');
    expect(step(equal.map(({ base, head }) => ({ base, head: head + 1e-9 })))).toBe('confirm');
  });

  it('looks at an undecided comparison a last time where no look is due', () => {
    const rule = { ...gateRule, mostPairs: 10 };
    expect(step(pairs(9, 0.02, 0.01), [], rule)).toBe('screen');
    expect(step(pairs(10, 0.02, 0.01), [], rule)).toBe('stop');
    expect(step(pairs(10, 0.05, 0.01), [], rule)).toBe('confirm');
  });

  it('spends no pairs on showing that nothing rose, where only a rise is of interest', () => {
    const rule: Rule = { ...gateRule, riseOnly: true };
    for (const quiet of [pairs(8, 0, 0.12), pairs(8, -0.02, 0.12)]) {
      expect(step(quiet)).toBe('screen');
      expect(step(quiet, [], rule)).toBe('stop');
    }
    expect(step(pairs(8, 0.018, 0.01), [], rule)).toBe('screen');
    expect(step(pairs(8, 0.05, 0.01), [], rule)).toBe('confirm');
  });
});

describe('nextStep, in the confirmation', () => {
  const suspect = pairs(8, 0.05, 0.01);

  it('takes all pairs of the first look', () => {
    for (const count of [1, 8, 15]) expect(step(suspect, pairs(count, 0.05, 0.001))).toBe('confirm');
  });

  it('stops where the change is beyond doubt, and where nothing is left of it', () => {
    expect(step(suspect, pairs(16, 0.05, 0.01))).toBe('stop');
    expect(step(suspect, pairs(16, 0.005, 0.01))).toBe('stop');
  });

  it('takes as many again where a doubt is left, twice, and no more', () => {
    const doubtful = pairs(48, 0.02, 0.04);
    expect(step(suspect, doubtful.slice(0, 16))).toBe('confirm');
    expect(step(suspect, doubtful.slice(0, 17))).toBe('confirm');
    expect(step(suspect, doubtful.slice(0, 31))).toBe('confirm');
    expect(step(suspect, pairs(32, 0.02, 0.04))).toBe('confirm');
    expect(step(suspect, pairs(32, 0.02, 0.004))).toBe('stop');
    expect(step(suspect, doubtful.slice(0, 47))).toBe('confirm');
    expect(step(suspect, doubtful)).toBe('stop');
  });

  it('counts as doubt what passes alone, but not among the comparisons of the run', () => {
    const likely = evenly(16, -0.01, 0.06);
    const { p } = judge({ screen: suspect, confirm: likely }, gateRule, seededRandom(1));
    expect(p).toBeLessThan(gateRule.alpha);
    const most = Math.floor(gateRule.alpha / p);
    expect(step(suspect, likely, gateRule, most)).toBe('stop');
    expect(step(suspect, likely, gateRule, most + 1)).toBe('confirm');
    // A run of canaries alone makes none.
    expect(step(suspect, likely, gateRule, 0)).toBe('stop');
  });

  it('takes as many again where the p-value of sixteen pairs cannot pass among so many', () => {
    const clear = pairs(16, 0.05, 0.001);
    // 0.01 / 218 is above three times 2^-16, 0.01 / 219 is below.
    expect(step(suspect, clear, gateRule, 218)).toBe('stop');
    expect(step(suspect, clear, gateRule, 219)).toBe('confirm');
  });

  it('is not misled by processes of either build that were slowed by a neighbour', () => {
    const spoilt = pairs(16, 0.05, 0.004).map(({ base, head }, index) => ({
      base: base + (index < 2 ? 0.8 : 0),
      head: head + (index >= 14 ? 0.8 : 0),
    }));
    expect(step(suspect, spoilt, gateRule, 10)).toBe('stop');
    expect(verdict({ screen: suspect, confirm: spoilt })).toBe('regression');
  });
});

describe('judge', () => {
  it('goes by the fresh pairs alone where there was a suspicion', () => {
    const judgement = judge({ screen: pairs(8, 0.2), confirm: pairs(16, 0.04) }, gateRule, seededRandom(1));
    expect(judgement).toMatchObject({ stage: 'confirm', pairs: 16, suspect: true });
    expect(judgement.estimate.value).toBeCloseTo(Math.log1p(0.04), 12);
    // One exchange of all is as far, and there are three looks.
    expect(judgement.p).toBe(3 * 2 ** -16);
  });

  it('goes by the fresh pairs also where they came along with the suspicion of another metric', () => {
    const screen = pairs(8, 0, 0.004);
    expect(judge({ screen, confirm: [] }, gateRule, seededRandom(1))).toMatchObject({ suspect: false });
    const judgement = judge({ screen, confirm: pairs(16, 0.3) }, gateRule, seededRandom(1));
    expect(judgement).toMatchObject({ stage: 'confirm', suspect: false, pairs: 16, p: 3 * 2 ** -16 });
    expect(judgement.estimate.value).toBeCloseTo(Math.log1p(0.3), 12);
  });

  it('goes by the screening where no fresh pairs were taken, or too few', () => {
    expect(judge({ screen: pairs(8, 0, 0.004), confirm: [] }, gateRule, seededRandom(1))).toMatchObject({
      stage: 'screen',
      suspect: false,
      p: 1,
      pairs: 8,
    });
    const few = judge({ screen: pairs(8, 0.2), confirm: pairs(15, 0.3) }, gateRule, seededRandom(1));
    expect(few).toMatchObject({ stage: 'screen', suspect: true, p: 1, pairs: 8 });
  });

  it('has a p-value for pairs that are no slower, too', () => {
    const p = (confirm: readonly Pair[]): number =>
      judge({ screen: pairs(8, 0.2), confirm }, gateRule, seededRandom(1)).p;
    expect(p(pairs(16, 0, 0.01))).toBeGreaterThan(0.5);
    expect(p(pairs(16, -0.01))).toBe(1);
    // Their centre is 1.3 of its standard errors above 0.
    expect(p(evenly(16, -0.008, 0.012))).toBeGreaterThan(0.2);
    expect(p(evenly(16, -0.008, 0.012))).toBeLessThan(0.7);
  });

  it('is the same for the same pairs, and has no interval where counted amounts are all the same', () => {
    const series = { screen: evenly(8, -0.02, 0.06), confirm: [] };
    const [first, second] = [1, 1].map(seed => judge(series, gateRule, seededRandom(seed)));
    expect(first).toEqual(second);
    const same = Array.from({ length: 8 }, () => ({ base: 1, head: 1.5 }));
    const { estimate } = judge({ screen: same, confirm: [] }, gateRule, seededRandom(1));
    expect(estimate).toEqual({ value: 0.5, lo: 0.5, hi: 0.5 });
    // What strikes both processes of a pair alike makes nothing unsure.
    const struck = same.map(({ base, head }, index) => ({
      base: base + index ** 2,
      head: head + index ** 2,
    }));
    const { estimate: certain } = judge({ screen: struck, confirm: [] }, gateRule, seededRandom(1));
    expect(certain).toEqual({ value: 0.5, lo: 0.5, hi: 0.5 });
    const { estimate: spread } = judge(series, gateRule, seededRandom(1));
    expect(spread.lo).toBeLessThan(spread.value);
    expect(spread.hi).toBeGreaterThan(spread.value);
  });

  it('refuses to judge without a pair', () => {
    expect(() => judge({ screen: [], confirm: [] }, gateRule, seededRandom(1))).toThrow(RangeError);
  });
});

describe('verdictOf', () => {
  const suspect = pairs(8, 0.05, 0.01);

  it('is a regression where fresh pairs show it again', () => {
    expect(verdict({ screen: suspect, confirm: pairs(16, 0.05, 0.01) })).toBe('regression');
  });

  it('is open where the p-value does not pass the correction for all comparisons', () => {
    const series = { screen: suspect, confirm: pairs(16, 0.05, 0.01) };
    expect(verdict(series, gateRule, () => gateRule.alpha)).toBe('regression');
    expect(verdict(series, gateRule, () => gateRule.alpha + 1e-9)).toBe('inconclusive');
  });

  it('is none where fresh pairs show less than the least effect, however surely', () => {
    expect(verdict({ screen: suspect, confirm: pairs(16, 0.025) })).toBe('possible');
    expect(verdict({ screen: suspect, confirm: pairs(16, 0.0251) })).toBe('regression');
    expect(verdict({ screen: suspect, confirm: pairs(16, 0.0125) })).toBe('possible');
    // Also where the p-value does not pass: above the least effect alone that leaves something open.
    expect(verdict({ screen: suspect, confirm: pairs(16, 0.0249) }, gateRule, () => 1)).toBe('possible');
    expect(verdict({ screen: suspect, confirm: pairs(16, 0.0251) }, gateRule, () => 1)).toBe('inconclusive');
  });

  it('is open where the interval of the fresh pairs reaches nothing', () => {
    const wide = pairs(16, 0.03, 0.12);
    expect(verdict({ screen: suspect, confirm: wide }, gateRule, () => 0)).toBe('inconclusive');
  });

  it('is none where fresh pairs refute the suspicion', () => {
    expect(verdict({ screen: suspect, confirm: pairs(16, 0.011, 0.005) })).toBe('unchanged');
    expect(verdict({ screen: suspect, confirm: pairs(16, -0.05, 0.005) })).toBe('improvement');
  });

  it('is inconclusive where fresh pairs neither repeat nor rule it out', () => {
    expect(verdict({ screen: suspect, confirm: pairs(16, 0.005, 0.15) })).toBe('inconclusive');
  });

  it('is inconclusive where no fresh pairs were left to confirm a suspicion', () => {
    expect(verdict({ screen: suspect, confirm: [] })).toBe('inconclusive');
    expect(verdict({ screen: suspect, confirm: pairs(15, 0.05) })).toBe('inconclusive');
  });

  it('is inconclusive above the least effect, though no suspicion was sure enough to be followed', () => {
    // Two thirds of them 3 %, the others nothing or less.
    const screen = [...pairs(17, 0.028), ...pairs(7, -0.03)];
    const { estimate, suspect: wasSuspect } = judge({ screen, confirm: [] }, gateRule, seededRandom(1));
    expect(wasSuspect).toBe(false);
    expect(estimate.value).toBeGreaterThan(effect);
    expect(estimate.hi).toBeLessThan(2 * effect);
    expect(verdict({ screen, confirm: [] })).toBe('inconclusive');
  });

  it('is inconclusive with less than the first pairs, whatever they show', () => {
    expect(verdict({ screen: pairs(7, 0, 0.001), confirm: [] })).toBe('inconclusive');
    expect(verdict({ screen: pairs(7, -0.2, 0.001), confirm: [] })).toBe('inconclusive');
    expect(verdict({ screen: pairs(8, 0, 0.001), confirm: [] })).toBe('unchanged');
  });

  it('is inconclusive where twice the least effect might be hidden in the spread', () => {
    expect(verdict({ screen: pairs(24, 0, 0.12), confirm: [] })).toBe('inconclusive');
  });

  it('is possible where something less than the least effect is surely there', () => {
    expect(verdict({ screen: pairs(24, 0.02, 0.002), confirm: [] })).toBe('possible');
    expect(verdict({ screen: pairs(24, 0.01, 0.002), confirm: [] })).toBe('unchanged');
    // As large, but not surely.
    expect(verdict({ screen: pairs(24, 0.013, 0.035), confirm: [] })).toBe('unchanged');
  });

  it('is an improvement where head is surely faster by more than the least effect', () => {
    expect(verdict({ screen: pairs(8, -0.05, 0.01), confirm: [] })).toBe('improvement');
    expect(verdict({ screen: pairs(8, -0.02, 0.01), confirm: [] })).toBe('unchanged');
    expect(verdict({ screen: pairs(8, -0.03, 0.06), confirm: [] })).not.toBe('improvement');
  });

  it('holds wide rules to their own least effect', () => {
    const rule = { ...gateRule, minEffect: 0.25 };
    const series = (change: number): Series => ({
      screen: pairs(8, change, 0.01),
      confirm: pairs(16, change, 0.01),
    });
    expect(verdict(series(0.05), rule)).toBe('unchanged');
    expect(verdict(series(0.2), rule)).toBe('possible');
    expect(verdict(series(0.3), rule)).toBe('regression');
  });
});
