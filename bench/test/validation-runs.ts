import type { Comparison, PairLogs, ValidationRun } from '../src/validate/validation-run.ts';

/** Made-up lines of the results file. */

export function runOf(part: Partial<ValidationRun> = {}): ValidationRun {
  const comparisons = part.comparisons ?? [comparisonOf()];
  return {
    schema: 'quorate-bench-validation/2',
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
    family: comparisons.length,
    canaries: ['identical code must come out equal, and is'],
    comparisons,
    others: [],
    ...part,
  };
}

/** Of pairs that all show the same change, a share. */
export function comparisonOf(part: Partial<Comparison> = {}, change = 0): Comparison {
  return {
    bench: 'maps',
    truth: 0,
    verdict: 'unchanged',
    screen: logsOf(8, change),
    confirm: logsOf(0),
    ...part,
  };
}

/** So many pairs of which each head takes more than its base by this share. */
export function logsOf(pairs: number, change = 0): PairLogs {
  // What a build takes drifts from pair to pair; the change does not.
  const base = Array.from({ length: pairs }, (_, pair) => (pair % 3) - 1);
  return { base, head: base.map(log => log + Math.log1p(change) * 10_000) };
}
