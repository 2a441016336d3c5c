import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { checkProfiles } from '../src/check/check-profile.ts';
import { canaries, planCheck } from '../src/check/plan-check.ts';
import { discoverSuites } from '../src/discover.ts';
import { canaryLookup } from '../src/kernels/canary-lookup.ts';
import { unitOrder } from '../src/kernels/slowed-work.ts';
import { planContests } from '../src/plan.ts';
import { type Bench, defineSuite, type Kernel } from '../src/suite.ts';

const { firstPairs, mostPairs, confirmPairs } = checkProfiles.gate;
const rule = { minEffect: 0.025, alpha: 0.01, firstPairs, mostPairs, confirmPairs };
const kernel = (): Kernel => ({ ops: 1, run: () => 1 });

function plan(name: string, benches: readonly Bench[]) {
  const found = [{ suite: defineSuite({ name, about: '', benches }), url: 'file:///suite.ts' }];
  return planCheck(planContests(found, { filters: [name], params: new Map() }), { rule, cores: 2 });
}

describe('planCheck', () => {
  it('compares our contenders, and names every bench that it leaves out, with the reason', () => {
    const contenders = { '@quorate/x': kernel, theirs: kernel };
    const { subjects, leftOut } = plan('some', [
      { name: 'plain', contenders },
      { name: 'wide', contenders, minEffect: 0.1 },
      { name: 'waits', contenders, blocking: true },
      { name: 'group', contenders, threads: [1, 2, 4] },
      { name: 'unchecked', contenders, unchecked: 'it is unsteady' },
      { name: 'skipped', contenders, skip: () => 'it cannot run' },
      { name: 'of others', contenders: { theirs: kernel } },
      { name: 'chosen', contenders: { theirs: kernel, ours: kernel }, checked: ['ours'] },
    ]);
    expect(subjects.map(({ name, rule: { minEffect } }) => [name, minEffect])).toEqual([
      ['some/plain · @quorate/x', 0.025],
      ['some/wide · @quorate/x', 0.1],
      ['some/waits · @quorate/x', 0.25],
      ['some/group · @quorate/x · 1 thread', 0.25],
      ['some/group · @quorate/x · 2 threads', 0.25],
      ['some/chosen · ours', 0.025],
    ]);
    expect(leftOut).toEqual([
      {
        name: 'some/group · @quorate/x · 4 threads',
        why: 'more threads than the 2 cores: they would take turns',
      },
      { name: 'some/unchecked', why: 'it is unsteady' },
      { name: 'some/skipped · @quorate/x', why: 'it cannot run' },
      { name: 'some/of others', why: 'none of its contenders is ours' },
    ]);
  });

  it('leaves the canary to the run, which has it anyway', () => {
    expect(plan('canary', [{ name: 'lookup', contenders: { '@quorate/x': kernel } }])).toEqual({
      subjects: [],
      leftOut: [{ name: 'canary/lookup', why: 'it is in every run, as its canary' }],
    });
  });
});

describe('canaries', () => {
  it('are slower by twice the least effect, to what can be made of whole units', async () => {
    const found = await discoverSuites(fileURLToPath(new URL('../suites', import.meta.url)));
    const canary = found.find(({ suite }) => suite.name === 'canary');
    if (canary === undefined) throw new Error('Suite "canary" must be there');
    for (const minEffect of [0.005, 0.0123, 0.025, 0.03333, 0.1, 0.2501, 0.5]) {
      const [same, slowed] = canaries(canary, { ...rule, minEffect });
      expect([same?.truth, same?.params]).toEqual([0, { slowdown: 0 }]);
      const { truth = 0, params, armParams } = slowed ?? {};
      expect(truth - 2 * minEffect).toBeGreaterThan(-1e-9);
      expect(truth - 2 * minEffect).toBeLessThan(0.001);
      expect(armParams).toEqual({ base: { slowdown: 0 } });
      const { length } = unitOrder(canaryLookup.units, params?.['slowdown'] as number);
      expect(length / canaryLookup.units - 1).toBeCloseTo(truth, 9);
    }
  });
});
