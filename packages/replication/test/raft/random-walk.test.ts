import { expect, test } from 'vitest';
import { Walk, type WalkResult } from './walk.ts';

const long = process.env['QUORATE_LONG'] !== undefined;
const seeds = long ? 20_000 : 150;

/** Walks that once found something. */
const regressions: readonly number[] = [];

function walkAll(options: { leases: boolean; memberships: boolean }): WalkResult[] {
  const results: WalkResult[] = [];
  for (const seed of [...regressions, ...Array.from({ length: seeds }, (_, at) => at + 1)]) {
    try {
      results.push(new Walk({ seed, steps: 1_500, ...options }).run());
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
