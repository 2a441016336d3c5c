import { describe, expect, it } from 'vitest';
import { type Comparison, gateRule, noises, runs, verdictsOf } from './simulated-decisions.ts';

/** By seed, so these come out the same each time; the shares are those that the check is meant to reach. */

const counted = (all: readonly Comparison[][]): Record<string, number> => {
  const verdicts = all.flatMap(verdictsOf);
  return Object.fromEntries(
    [...new Set(verdicts)].map(verdict => [verdict, verdicts.filter(other => other === verdict).length]),
  );
};

describe('identical builds', () => {
  it.each([
    ['contaminated by neighbours', noises.contaminated(0.004, 8), 2],
    ['on two levels', noises.lottery(0.003), 1],
  ])('that are %s raise no alarm', (label, noise, count) => {
    const all = runs(count, noise, 0, label);
    expect(counted(all)['regression'] ?? 0).toBe(0);
  });

  it('are unchanged after eight pairs where nothing moves', () => {
    const all = runs(3, noises.normal(0.002), 0, 'still').flat();
    for (const { screen, confirm } of all) expect([screen.length, confirm.length]).toEqual([8, 0]);
    expect(new Set(verdictsOf(all))).toEqual(new Set(['unchanged']));
  });

  it('are no regression and mostly unchanged at 1.5 % noise, for little more than eight pairs', () => {
    const all = runs(3, noises.normal(0.015), 0, 'noisy');
    const pairs = all.flat().map(({ screen, confirm }) => screen.length + confirm.length);
    expect(pairs.reduce((sum, count) => sum + count, 0) / pairs.length).toBeLessThan(9.5);
    const { unchanged, regression = 0 } = counted(all);
    expect(unchanged).toBeGreaterThan(54);
    expect(regression).toBe(0);
  });

  it('are inconclusive, not unchanged, where a slowdown could hide in their spread', () => {
    const [all = []] = runs(1, noises.normal(0.12), 0, 'wide');
    const verdicts = verdictsOf(all);
    expect(verdicts.filter(verdict => verdict === 'inconclusive').length).toBeGreaterThan(10);
    for (const [index, { judgement, screen }] of all.entries()) {
      if (judgement.estimate.hi < 2 * Math.log1p(gateRule.minEffect)) continue;
      expect(verdicts[index]).not.toBe('unchanged');
      if (verdicts[index] === 'inconclusive') expect(screen).toHaveLength(gateRule.mostPairs);
    }
  });
});

describe('slower heads', () => {
  it.each([
    [0.05, 0.95],
    [0.1, 0.99],
  ])('by %d are caught among twenty at 1.5 % noise, and estimated without bias', (change, share) => {
    const all = runs(2, noises.normal(0.015), change, `slower ${change}`);
    expect((counted(all)['regression'] ?? 0) / 40).toBeGreaterThanOrEqual(share);
    const estimates = all.flat().map(({ judgement }) => Math.expm1(judgement.estimate.value));
    const mean = estimates.reduce((sum, estimate) => sum + estimate, 0) / estimates.length;
    expect(Math.abs(mean - change)).toBeLessThan(0.002);
  });

  it('by 5 % are caught although neighbours spoil every fourth pair', () => {
    const all = runs(1, noises.contaminated(0.004, 8), 0.05, 'slower, spoilt');
    expect(counted(all)['regression']).toBeGreaterThanOrEqual(19);
  });

  it('by less than the least effect are no regression', () => {
    expect(counted(runs(1, noises.normal(0.006), 0.015, 'small'))['regression'] ?? 0).toBe(0);
  });
});

describe('faster heads', () => {
  it('are improvements, and cost no confirmation', () => {
    const all = runs(2, noises.normal(0.01), -0.06, 'faster').flat();
    for (const { confirm } of all) expect(confirm).toEqual([]);
    expect(new Set(verdictsOf(all))).toEqual(new Set(['improvement']));
  });
});

describe('a suspicion that was chance', () => {
  it('is refuted by fresh pairs, and never ends as a regression', () => {
    // What made head slower in the screening is gone when it is confirmed.
    const [all = []] = runs(1, noises.normal(0.01), { screen: 0.06, confirm: 0 }, 'refuted');
    for (const { confirm } of all) expect(confirm.length).toBeGreaterThanOrEqual(gateRule.confirmPairs);
    const verdicts = counted([all]);
    expect(verdicts['unchanged']).toBeGreaterThan(15);
    expect((verdicts['unchanged'] ?? 0) + (verdicts['possible'] ?? 0)).toBe(20);
  });

  it('ends as a regression no more often than the level says, however noisy the pairs are', () => {
    // Only the confirmation matters here: all are suspect, and are judged by two looks each.
    const all = [noises.normal(0.05), noises.lottery(0.003)].flatMap((noise, index) =>
      runs(1, noise, { screen: 0.6, confirm: 0 }, `level ${index}`),
    );
    expect(counted(all)['regression'] ?? 0).toBe(0);
    // One p-value in twenty is below a tenth, for each is twice what one look would give.
    const ps = all.flat().map(({ judgement }) => judgement.p);
    expect(ps.filter(p => p <= 0.1).length / ps.length).toBeLessThan(0.2);
    expect(ps.filter(p => p <= 0.5).length / ps.length).toBeGreaterThan(0.05);
  });
});
