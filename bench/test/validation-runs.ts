import type { Comparison, ValidationRun } from '../src/validate/validation-run.ts';

/** Made-up lines of the results file. */

export function runOf(part: Partial<ValidationRun> = {}): ValidationRun {
  return {
    schema: 'quorate-bench-validation/1',
    startedAt: '2026-01-02T03:04:05.678Z',
    seconds: 100,
    condition: 'quiet',
    kind: 'same',
    seed: 1,
    node: 'v26.0.0',
    cpu: 'A fast one',
    cores: 2,
    load: [1, 2],
    method: 'abcdef012345',
    processes: 40,
    exitCode: 0,
    canariesPassed: true,
    canaries: ['identical code must come out equal, and is'],
    comparisons: [comparisonOf()],
    others: [],
    ...part,
  };
}

/** Of pairs that all show the same change, a share. */
export function comparisonOf(part: Partial<Comparison> = {}, change = 0): Comparison {
  const log = Math.log1p(change) * 10_000;
  return {
    bench: 'maps',
    truth: 0,
    verdict: 'unchanged',
    screen: Array.from({ length: 8 }, () => log),
    confirm: [],
    ...part,
  };
}
