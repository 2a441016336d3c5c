import { describe, expect, it } from 'vitest';
import type { MetricReport, PairRow } from '../src/check/check-report.ts';
import { judgeMetrics, type Measured } from '../src/check/judge-metrics.ts';
import type { Metric } from '../src/check/metrics.ts';
import type { Rule } from '../src/statistics/decide.ts';
import { gateRule } from './simulated-decisions.ts';

const time: Metric = { metric: 'time', kind: 'time', unit: 'ns', rule: gateRule, floor: 0 };
const bytes: Metric = { ...time, metric: 'bytes', kind: 'bytes', unit: 'bytes', floor: 1 };

/** Pairs whose heads take so much more, the next of these shares after the last and around again. */
function pairsOf(count: number, stage: PairRow['stage'], ...changes: number[]): PairRow[] {
  return Array.from({ length: count }, (_, turn) => ({
    turn,
    stage,
    first: 'base' as const,
    base: { values: { time: 100 }, busy: 1 },
    head: { values: { time: 100 * (1 + (changes[turn % changes.length] ?? 0)) }, busy: 1 },
  }));
}

function measured(name: string, pairs: readonly PairRow[], part: Partial<Measured> = {}): Measured {
  return { name, metrics: [time], pairs, canary: false, ...part };
}

function one(pairs: readonly PairRow[], rule: Rule = gateRule): MetricReport {
  const [[report] = []] = judgeMetrics([measured('bench', pairs, { metrics: [{ ...time, rule }] })], 1);
  return report as MetricReport;
}

const slower = [...pairsOf(8, 'screen', 0.05), ...pairsOf(16, 'confirm', 0.05)];
/** Slower by 4 %, with one in eight of the fresh pairs as much faster: chance in one of some thousands. */
const likely = [
  ...pairsOf(8, 'screen', 0.05),
  ...pairsOf(16, 'confirm', -0.045, 0.03, 0.05, 0.04, 0.05, 0.045, 0.04, 0.05),
];

describe('judgeMetrics', () => {
  it('reports medians of the builds and the change as a share, by the pairs that count', () => {
    const report = one([...pairsOf(8, 'screen', 0.2), ...pairsOf(16, 'confirm', 0.04, 0.05, 0.06)]);
    expect(report).toMatchObject({ metric: 'time', base: 100, rule: gateRule, verdict: 'regression' });
    expect(report.head).toBeCloseTo(105, 9);
    expect(report.estimate).toMatchObject({ pairs: 16, stage: 'confirm' });
    expect(report.estimate.hl).toBeCloseTo(0.05, 4);
    // Heads differ between 4 and 6 %, bases not at all.
    expect(report.estimate.lo).toBeGreaterThan(0.0399);
    expect(report.estimate.lo).toBeLessThan(report.estimate.hl);
    expect(report.estimate.hi).toBeLessThan(0.0601);
  });

  it('corrects each p-value for all comparisons of the run, of all metrics', () => {
    const alone = one(likely);
    expect(alone).toMatchObject({ verdict: 'regression', adjustedP: alone.p });
    const still = measured('still', pairsOf(8, 'screen', 0));
    const others = (count: number): Measured[] =>
      Array.from({ length: count }, (_, index) => ({ ...still, name: `still ${index}` }));
    const [[among] = []] = judgeMetrics([measured('bench', likely), ...others(19)], 1);
    expect(among?.p).toBe(alone.p);
    expect(among?.adjustedP).toBeCloseTo(20 * alone.p, 12);
    // Metrics count, subjects do not.
    const withBytes = pairsOf(8, 'screen', 0).map(pair => ({
      ...pair,
      base: { ...pair.base, values: { time: 100, bytes: 8 } },
      head: { ...pair.head, values: { time: 100, bytes: 8 } },
    }));
    const two = measured('two', withBytes, { metrics: [time, bytes] });
    const [[third] = [], metrics] = judgeMetrics([measured('bench', likely), two], 1);
    expect(metrics?.map(({ metric }) => metric)).toEqual(['time', 'bytes']);
    expect(third?.adjustedP).toBeCloseTo(3 * alone.p, 12);
  });

  it('leaves a change open that does not pass among many comparisons', () => {
    const { p } = one(likely);
    const count = Math.ceil(gateRule.alpha / p);
    const others = Array.from({ length: count }, (_, index) => measured(`${index}`, pairsOf(8, 'screen', 0)));
    const [[among] = []] = judgeMetrics([measured('bench', likely), ...others], 1);
    expect(among?.verdict).toBe('inconclusive');
    expect(among?.why).toMatch(
      /^\+4\.\d % in fresh pairs, which chance does not rule out \(p 0\.01\d* for all/,
    );
  });

  it('leaves known truths out of the family, and holds them to what a bench would be held to', () => {
    const still = Array.from({ length: 9 }, (_, index) => measured(`${index}`, pairsOf(8, 'screen', 0)));
    const own = measured('own', likely);
    const canary = measured('canary', likely, { canary: true });
    const [[first] = [], [second] = []] = judgeMetrics([own, canary, ...still], 1);
    expect(first?.adjustedP).toBeCloseTo(10 * (first?.p ?? 0), 12);
    expect(second?.adjustedP).toBeCloseTo(10 * (second?.p ?? 0), 12);
    // With canaries alone there is still one comparison.
    const [[alone] = []] = judgeMetrics([canary], 1);
    expect(alone?.adjustedP).toBe(alone?.p);
  });

  it('finds the same for a subject whatever is measured beside it, and the same again', () => {
    const spread = Array.from({ length: 8 }, (_, index) => Math.sin(7 * index) / 50);
    const noisy = pairsOf(8, 'screen', ...spread);
    const subject = measured('bench', noisy);
    const other = measured('other', pairsOf(12, 'screen', 0.01, -0.02));
    const [forwards, backwards] = [judgeMetrics([subject, other], 1), judgeMetrics([other, subject], 1)];
    expect(forwards).toEqual(backwards.toReversed());
    expect(judgeMetrics([subject, other], 1)).toEqual(forwards);
    expect(judgeMetrics([subject, other], 2)[0]?.[0]?.estimate).not.toEqual(forwards[0]?.[0]?.estimate);
  });

  it('leaves out what no pair has a value of', () => {
    const [metrics] = judgeMetrics([measured('bench', slower, { metrics: [time, bytes] })], 1);
    expect(metrics?.map(({ metric }) => metric)).toEqual(['time']);
    expect(judgeMetrics([measured('bench', [])], 1)).toEqual([[]]);
  });
});

describe('the reason of a verdict', () => {
  it.each([
    ['regression', slower, '+5.0 % in 16 fresh pairs as well; +2.5 % is the least that counts'],
    ['improvement', pairsOf(8, 'screen', -0.06), '-6.0 %, and surely less than before'],
    ['unchanged', pairsOf(8, 'screen', 0), '+0.00 %, at most +0.00 %; below +2.5 % nothing counts'],
    [
      'unchanged',
      [...pairsOf(8, 'screen', 0.05), ...pairsOf(16, 'confirm', 0.001)],
      'a suspicion that 16 fresh pairs did not repeat: +0.10 %, at most +0.10 %; below +2.5 % nothing counts',
    ],
    ['inconclusive', pairsOf(5, 'screen', 0), '+0.00 % in 5 pairs: fewer than the 8 that it takes'],
    ['inconclusive', pairsOf(8, 'screen', 0.05), '+5.0 %, but no fresh pairs were left to confirm it'],
    ['possible', pairsOf(24, 'screen', 0.02), '+2.0 %: less than the +2.5 % that counts'],
    [
      'possible',
      [...pairsOf(8, 'screen', 0.05), ...pairsOf(16, 'confirm', 0.02)],
      '+2.0 % in fresh pairs: less than the +2.5 % that counts',
    ],
  ] as const)('of %s says what was found', (verdict, pairs, why) => {
    expect(one(pairs)).toMatchObject({ verdict, why });
  });

  it('of inconclusive says how much it might be', () => {
    const { verdict, why } = one(pairsOf(24, 'screen', -0.12, 0.12));
    expect(verdict).toBe('inconclusive');
    expect(why).toMatch(/^[+-]\d\.\d+ %, but it might be \+\d+(\.\d)? %: the pairs are spread too far$/);
  });

  it('does not call a change small that only too few pairs speak for', () => {
    const report = one(pairsOf(8, 'screen', 0.047, 0.007));
    expect(report.verdict).toBe('inconclusive');
    expect(report.estimate.hl).toBeGreaterThan(gateRule.minEffect);
    expect(report.why).toBe('+2.7 %, but 8 pairs are too few to be sure');
  });
});
