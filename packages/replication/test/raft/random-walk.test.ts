import { expect, test } from 'vitest';
import { Walk, type WalkOptions, type WalkResult } from './walk.ts';

const long = process.env['QUORATE_LONG'] !== undefined;
const seeds = long ? 20_000 : 150;

function walkAll(options: Omit<WalkOptions, 'seed' | 'steps'>, count = seeds, steps = 1_500): WalkResult[] {
  const results: WalkResult[] = [];
  for (let seed = 1; seed <= count; seed++) {
    try {
      results.push(new Walk({ seed, steps, ...options }).run());
    } catch (cause) {
      throw new Error(`Seed ${seed}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    }
  }
  return results;
}

function total(results: readonly WalkResult[], what: keyof WalkResult): number {
  return results.reduce((sum, result) => sum + result[what], 0);
}

const variants = [
  { name: 'with fixed members', leases: false, memberships: false },
  { name: 'with members that change', leases: false, memberships: true },
  { name: 'with lease reads', leases: true, memberships: false },
  { name: 'with lease reads and members that change', leases: true, memberships: true },
] as const;

for (const { name, leases, memberships } of variants) {
  test(`Figure 3.2: all properties hold on random walks ${name}`, {
    timeout: 3_600_000,
  }, () => {
    const results = walkAll({ leases, memberships });
    // A walk that goes nowhere proves nothing.
    expect(total(results, 'applied')).toBeGreaterThan(10 * seeds);
    expect(total(results, 'reads')).toBeGreaterThan(2 * seeds);
    expect(total(results, 'elections')).toBeGreaterThan(seeds);
    expect(total(results, 'crashes')).toBeGreaterThan(2 * seeds);
    if (memberships) expect(total(results, 'changes')).toBeGreaterThan(seeds / 2);
  });
}

const fixed = { leases: false, memberships: false };
const changing = { leases: false, memberships: true };

/** One thing each is worse than the rest. */
const hardships: readonly (readonly [name: string, options: Omit<WalkOptions, 'seed' | 'steps'>])[] = [
  ['of two nodes that crash', { ...fixed, voters: 2, crashes: 1 }],
  ['of four nodes that lose a fifth of all messages', { ...fixed, voters: 4, lost: 4 }],
  [
    'of three nodes that crash all the time and have slow disks',
    { ...fixed, voters: 3, crashes: 4, slowDisks: 6 },
  ],
  [
    'of five nodes with leases, losses and slow disks',
    { ...fixed, leases: true, voters: 5, lost: 6, slowDisks: 4 },
  ],
  [
    'of two nodes and others that come and go, with losses',
    { ...changing, voters: 2, churn: 6, lost: 6, crashes: 1 },
  ],
  [
    'of four nodes with leases that come and go',
    { ...changing, leases: true, voters: 4, churn: 10, slowDisks: 3 },
  ],
  ['of three nodes that come and go all the time', { ...changing, voters: 3, churn: 10 }],
];

for (const [name, options] of hardships) {
  test(`Figure 3.2: all properties hold on random walks ${name}`, { timeout: 3_600_000 }, () => {
    const results = walkAll(options, long ? 20_000 : 200, 2_500);
    expect(total(results, 'applied')).toBeGreaterThan(5 * results.length);
    expect(total(results, 'elections')).toBeGreaterThan(results.length / 2);
    if (options.memberships) expect(total(results, 'changes')).toBeGreaterThan(results.length / 4);
  });
}
