import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { checkProfiles } from '../src/check/check-profile.ts';
import { canaries, type CheckPlanOptions, planCheck } from '../src/check/plan-check.ts';
import { discoverSuites } from '../src/discover.ts';
import { canaryLookup } from '../src/kernels/canary-lookup.ts';
import { unitOrder } from '../src/kernels/slowed-work.ts';
import { planContests } from '../src/plan.ts';
import { type Bench, defineSuite, type Kernel } from '../src/suite.ts';

const { firstPairs, mostPairs, confirmPairs } = checkProfiles.gate;
const rule = { minEffect: 0.025, alpha: 0.01, firstPairs, mostPairs, confirmPairs };
const kernel = (): Kernel => ({ ops: 1, run: () => 1 });

function plan(name: string, benches: readonly Bench[], options: Partial<CheckPlanOptions> = {}) {
  const found = [{ suite: defineSuite({ name, about: '', benches }), url: 'file:///suite.ts' }];
  return planCheck(planContests(found, { filters: [name], params: new Map() }), {
    rule,
    cores: 2,
    ...options,
  });
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
      ['some/group · @quorate/x · 1 thread', 0.05],
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

  it('has a subject for each set of parameters and each size of a thread group, with a name of its own', () => {
    const contenders = { '@quorate/x': kernel, '@quorate/y': kernel };
    const { subjects } = plan('some', [
      { name: 'one', contenders, params: { nodes: [10, 20] } },
      { name: 'two', contenders, threads: [1, 2], params: { nodes: [10] } },
    ]);
    expect(subjects).toHaveLength(8);
    expect(new Set(subjects.map(({ name }) => name)).size).toBe(8);
    expect(subjects.at(-1)).toMatchObject({
      name: 'some/two · @quorate/y · nodes=10 2 threads',
      suite: 'some',
      url: 'file:///suite.ts',
      contender: '@quorate/y',
      params: { nodes: 10 },
      threads: 2,
    });
  });

  it('names a bench that is left out once, however many parameters it has', () => {
    const contenders = { '@quorate/x': kernel };
    const { leftOut } = plan('some', [
      { name: 'one', contenders, params: { nodes: [10, 20] }, unchecked: 'it is unsteady' },
    ]);
    expect(leftOut).toEqual([{ name: 'some/one', why: 'it is unsteady' }]);
  });

  it('holds benches to what was asked for, what waits to no less than a quarter, and others to their own', () => {
    const contenders = { '@quorate/x': kernel };
    const benches: Bench[] = [
      { name: 'plain', contenders },
      { name: 'waits', contenders, blocking: true },
      { name: 'group', contenders, threads: [1, 2] },
      { name: 'waiting group', contenders, threads: [1, 2], blocking: true },
      { name: 'own', contenders, threads: [1, 2], minEffect: 0.04 },
    ];
    const effects = (minEffect: number): number[] =>
      plan('some', benches, { rule: { ...rule, minEffect } }).subjects.map(subject => subject.rule.minEffect);
    // A thread that is alone in its group waits for nobody, unless its bench says so.
    expect(effects(0.01)).toEqual([0.01, 0.25, 0.05, 0.25, 0.25, 0.25, 0.04, 0.04]);
    expect(effects(0.1)).toEqual([0.1, 0.25, 0.1, 0.25, 0.25, 0.25, 0.04, 0.04]);
    expect(effects(0.4)).toEqual([0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.04, 0.04]);
  });

  it('looks at amounts sooner than at times', () => {
    const contenders = { '@quorate/x': kernel };
    const units = ['ns', 'bytes', 'count'] as const;
    const benches = units.map(unit => ({ name: unit, unit, contenders }));
    const rules = plan('some', benches).subjects.map(subject => subject.rule);
    expect(rules.map(own => own.firstPairs)).toEqual([firstPairs, 2, 2]);
    for (const own of rules) expect(own).toMatchObject({ mostPairs, confirmPairs, alpha: 0.01 });
  });

  it('says of each subject whether base has it too', () => {
    const contenders = { '@quorate/x': kernel, '@quorate/y': kernel };
    const asked: string[] = [];
    const presence = (suite: string, bench: string, contender: string): 'both' | 'new' => {
      asked.push(`${suite}/${bench} ${contender}`);
      return contender === '@quorate/x' ? 'both' : 'new';
    };
    const benches = [{ name: 'one', contenders }];
    expect(plan('some', benches, { presence }).subjects.map(subject => subject.presence)).toEqual([
      'both',
      'new',
    ]);
    expect(asked).toEqual(['some/one @quorate/x', 'some/one @quorate/y']);
    expect(plan('some', benches).subjects.map(subject => subject.presence)).toEqual([null, null]);
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

  it('do nothing more than base in one, and have names that tell them apart', () => {
    const bench: Bench = { name: 'work', contenders: { ours: kernel } };
    const suite = defineSuite({ name: 'canary', about: '', benches: [bench] });
    const both = canaries({ suite, url: 'file:///canary.ts' }, { ...rule, minEffect: 0.07 });
    expect(both.map(({ name }) => name)).toEqual([
      'canary/work · ours · slowdown=0',
      'canary/work · ours · slowdown=14',
    ]);
    for (const subject of both) {
      expect(subject).toMatchObject({ contender: 'ours', bench, threads: 1, presence: null });
      expect(subject.rule.minEffect).toBe(0.07);
    }
  });

  it('need a bench to be made of', () => {
    const suite = { name: 'canary', about: '', benches: [] };
    expect(() => canaries({ suite, url: '' }, rule)).toThrow('must have a bench with a contender');
  });
});
