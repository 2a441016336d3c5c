import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parseOptions } from '../src/cli/options.ts';
import { discoverSuites, type FoundSuite, SuiteError } from '../src/discover.ts';
import { combinations, fitToKeys, planContests } from '../src/plan.ts';
import { type Bench, defineSuite, type Kernel } from '../src/suite.ts';

const folderOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const kernel = (): Kernel => ({ ops: 1, run: () => 1 });

function found(...suites: { name: string; onRequest?: boolean; benches: Bench[] }[]): FoundSuite[] {
  return suites.map(suite => ({
    suite: defineSuite({ about: '', ...suite }),
    url: `file:///${suite.name}.ts`,
  }));
}

const suites = found(
  {
    name: 'ring',
    benches: [
      {
        name: 'lookup',
        params: { nodes: [10, 100], kind: ['a'] },
        fullParams: { nodes: [1000] },
        contenders: { ours: kernel, theirs: kernel },
      },
      { name: 'build', params: { nodes: [5] }, contenders: { ours: kernel } },
    ],
  },
  { name: 'ring-threads', benches: [{ name: 'lookup', threads: [1, 2], contenders: { ours: kernel } }] },
  { name: 'hidden', onRequest: true, benches: [{ name: 'lookup', contenders: { ours: kernel } }] },
);

function chosen(...args: string[]): string[] {
  return planContests(suites, parseOptions(args)).map(contest => {
    const params = Object.entries(contest.params).map(([name, value]) => `${name}=${value}`);
    return [`${contest.suite}/${contest.bench.name}`, ...params].join(' ');
  });
}

describe('discoverSuites', () => {
  it("finds the repository's suites by name", async () => {
    const names = (await discoverSuites(folderOf('../suites'))).map(({ suite }) => suite.name);
    expect(names).toEqual(
      expect.arrayContaining(['core', 'hash', 'ring', 'ring-threads', 'selftest', 'threads']),
    );
    expect(names).toEqual([...names].sort());
  });

  it('names the suite that does not load, and where in it', async () => {
    const loading = discoverSuites(folderOf('fixtures/unloadable'));
    await expect(loading).rejects.toThrow(SuiteError);
    await expect(loading).rejects.toThrow(
      /^Suite .*fixtures\/unloadable\/throws\.ts must load: Error: It does not load\n +at .*throws\.ts:\d+:\d+/,
    );
    await expect(loading).rejects.not.toThrow('node:internal');
  });

  it('refuses an empty suite that nothing has looked at yet', async () => {
    await expect(discoverSuites(folderOf('fixtures/empty'))).rejects.toThrow(
      'must have a bench: received none',
    );
  });

  it('refuses a module whose suite has another name', async () => {
    await expect(discoverSuites(folderOf('fixtures/wrong'))).rejects.toThrow(
      'must export a suite named "named-otherwise"',
    );
  });
});

describe('defineSuite', () => {
  const bench = { name: 'a', contenders: { ours: kernel } };

  it('refuses names that repeat and contenders that are not there', () => {
    expect(() => found({ name: 's', benches: [bench, bench] })).toThrow('"s/a" twice');
    expect(() => found({ name: 's', benches: [{ ...bench, contenders: {} }] })).toThrow('received none');
    expect(() => found({ name: 's', benches: [{ ...bench, of: 'theirs' }] })).toThrow('received "theirs"');
    expect(() => found({ name: 's', benches: [{ ...bench, controls: ['none'] }] })).toThrow(
      'received "none"',
    );
    const goals = [{ of: 'ours', to: 'nobody', atMost: 1 }];
    expect(() => found({ name: 's', benches: [{ ...bench, goals }] })).toThrow('received "nobody"');
  });

  it('refuses what would run nothing without a word', () => {
    expect(() => found({ name: 's', benches: [] })).toThrow('Suite "s" must have a bench: received none');
    const empty: [string, Partial<Bench>][] = [
      ['a value of "size"', { params: { nodes: [1], size: [] } }],
      ['a value of "size" in fullParams', { params: { size: [1] }, fullParams: { size: [] } }],
      ['the parameter "size", as fullParams names it', { fullParams: { size: [1] } }],
      ['a size of thread groups', { threads: [] }],
      ['a contender to check, or say why it is unchecked', { checked: [] }],
    ];
    for (const [what, part] of empty) {
      expect(() => found({ name: 's', benches: [{ ...bench, ...part }] })).toThrow(
        `Bench "s/a" must have ${what}: received none`,
      );
    }
  });
});

describe('planContests', () => {
  it('runs everything that is not on request, once for each combination of parameters', () => {
    expect(chosen()).toEqual([
      'ring/lookup nodes=10 kind=a',
      'ring/lookup nodes=100 kind=a',
      'ring/build nodes=5',
      'ring-threads/lookup',
    ]);
  });

  it('takes what the full profile has of its own, and what the command line says before that', () => {
    const full = ['--profile', 'full'];
    expect(chosen('ring', ...full)).toEqual(['ring/lookup nodes=1000 kind=a', 'ring/build nodes=5']);
    expect(chosen('ring/lookup', ...full, '--param', 'nodes=7')).toEqual(['ring/lookup nodes=7 kind=a']);
  });

  it('takes a whole name for that suite or bench alone, anything else for a part of suite/bench', () => {
    expect(chosen('ring')).toHaveLength(3);
    expect(chosen('hidden')).toEqual(['hidden/lookup']);
    expect(chosen('ring/lookup')).toEqual(['ring/lookup nodes=10 kind=a', 'ring/lookup nodes=100 kind=a']);
    expect(chosen('hidden/lookup')).toEqual(['hidden/lookup']);
    expect(chosen('ring/b')).toEqual(['ring/build nodes=5']);
    expect(chosen('threads/look', 'build')).toEqual(['ring/build nodes=5', 'ring-threads/lookup']);
    expect(chosen('lookup')).not.toContain('hidden/lookup');
  });

  it('replaces parameters and the sizes of thread groups where benches have them', () => {
    expect(chosen('ring', '--param', 'nodes=7,8')).toEqual([
      'ring/lookup nodes=7 kind=a',
      'ring/lookup nodes=8 kind=a',
      'ring/build nodes=7',
      'ring/build nodes=8',
    ]);
    const sizes = (filter: string): number[] =>
      planContests(suites, parseOptions([filter, '--threads', '4,3'])).flatMap(({ rows }) =>
        rows.map(row => row.threads),
      );
    expect(sizes('ring-threads')).toEqual([3, 4]);
    expect(sizes('build')).toEqual([1]);
  });

  it('refuses a filter that nothing fits, and parameters that no chosen bench has', () => {
    expect(() => chosen('ring', 'rung')).toThrow('No bench fits "rung"');
    expect(() => chosen('rung')).toThrow('the suites are ring, ring-threads, hidden');
    expect(() => chosen('ring', '--param', 'points=1')).toThrow('there are nodes, kind');
    expect(() => chosen('ring', '--param', 'nodes=many')).toThrow('must be a number: received "many"');
  });

  it('keeps a contender that cannot run, with the reason', () => {
    const skipping = found({
      name: 's',
      benches: [{ name: 'b', contenders: { ours: kernel }, skip: () => 'not today' }],
    });
    const [contest] = planContests(skipping, parseOptions([]));
    expect(contest?.rows).toEqual([{ contender: 'ours', threads: 1, skipped: 'not today' }]);
  });
});

describe('fitToKeys', () => {
  const looking = found({
    name: 'keyed',
    benches: [
      { name: 'lookup', params: { keys: [5, 50, 500] }, contenders: { ours: kernel } },
      { name: 'other', params: { keys: ['a'] }, contenders: { ours: kernel } },
    ],
  });
  const fitted = (count: number): unknown[] =>
    fitToKeys(planContests(looking, parseOptions([])), count).map(({ params }) => params['keys']);

  it('names the keys that there are where a bench asks for more, and runs equal contests once', () => {
    expect(fitted(1000)).toEqual([5, 50, 500, 'a']);
    expect(fitted(50)).toEqual([5, 50, 'a']);
    expect(fitted(10)).toEqual([5, 10, 'a']);
  });
});

describe('combinations', () => {
  it('varies the first parameter slowest', () => {
    expect(combinations({ a: [1, 2], b: ['x', 'y'] })).toEqual([
      { a: 1, b: 'x' },
      { a: 1, b: 'y' },
      { a: 2, b: 'x' },
      { a: 2, b: 'y' },
    ]);
    expect(combinations({})).toEqual([{}]);
  });
});
