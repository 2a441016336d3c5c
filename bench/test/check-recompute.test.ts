import { describe, expect, it } from 'vitest';
import type { CheckReport, PairRow, SubjectReport } from '../src/check/check-report.ts';
import { recompute } from '../src/check/recompute.ts';
import { reportOf, soundCanaries } from './check-reports.ts';

const report = await reportOf(
  [
    ...soundCanaries,
    { name: 'ring/lookup', change: 0.06, bytes: { base: 12, change: 0.5 }, collections: { base: 1e-5 } },
    { name: 'ring/build', change: -0.08 },
    { name: 'core/encode', noise: 0.01, counts: { retries: { base: 0.5 } } },
    { name: 'threads/lock', threads: 2, change: 0.12, noise: 0.03 },
    { name: 'threads/mutex', threads: 2, neverOverlaps: true },
    { name: 'core/broken', throws: { arm: 'base', message: 'No such function' } },
  ],
  { seed: 7 },
);

const verdictsOf = ({ subjects }: CheckReport) =>
  Object.fromEntries(subjects.map(({ bench, metrics }) => [bench, metrics.map(({ verdict }) => verdict)]));

/** The report with other pairs in one subject. */
function withPairs(bench: string, change: (pair: PairRow) => PairRow): CheckReport {
  const subjects = report.subjects.map((subject): SubjectReport => {
    return subject.bench === bench ? { ...subject, pairs: subject.pairs.map(change) } : subject;
  });
  return { ...report, subjects };
}

/** Whatever was concluded, made wrong. */
function withoutConclusions(): CheckReport {
  const subjects = report.subjects.map(subject => ({
    ...subject,
    metrics: subject.metrics.map(metric => ({
      ...metric,
      base: 1,
      head: 1,
      estimate: { hl: 0, lo: 0, hi: 0, pairs: 0, stage: 'screen' as const },
      p: 1,
      adjustedP: 1,
      verdict: 'unchanged' as const,
      why: '',
    })),
  }));
  return { ...report, subjects, outcome: { verdict: 'ok', exitCode: 0, why: [], canaries: [] } };
}

describe('recompute', () => {
  it('finds what the run found, from the JSON with every conclusion taken out', () => {
    const written = JSON.parse(JSON.stringify(withoutConclusions())) as CheckReport;
    expect(recompute(written)).toEqual(report);
    expect(verdictsOf(report)).toMatchObject({
      lookup: ['regression', 'regression', 'unchanged'],
      build: ['improvement'],
      encode: ['unchanged', 'unchanged'],
      mutex: [],
      broken: [],
    });
    expect(report.outcome.verdict).toBe('regression');
  });

  it('follows the pairs: slower heads raise a verdict, and equal ones take it back', () => {
    const slower = withPairs('build', pair => ({
      ...pair,
      head: { ...pair.head, values: { time: (pair.base.values['time'] as number) * 1.2 } },
    }));
    expect(verdictsOf(recompute(slower))).toMatchObject({ build: ['inconclusive'] });
    const equal = withPairs('lookup', pair => ({ ...pair, head: pair.base }));
    const recomputed = recompute(equal);
    expect(verdictsOf(recomputed)).toMatchObject({ lookup: ['unchanged', 'unchanged', 'unchanged'] });
    expect(recomputed.outcome.verdict).toBe('inconclusive');
  });

  it('notices a single value that was changed', () => {
    let changed = false;
    const tampered = withPairs('encode', pair => {
      if (changed) return pair;
      changed = true;
      const values = { ...pair.head.values, time: (pair.head.values['time'] as number) * 0.97 };
      return { ...pair, head: { ...pair.head, values } };
    });
    const [before, after] = [report, recompute(tampered)].map(({ subjects }) =>
      subjects.find(({ bench }) => bench === 'encode'),
    );
    expect(after?.metrics[0]?.estimate).not.toEqual(before?.metrics[0]?.estimate);
  });

  it('judges by another least effect, but canaries by the one that they were made for', () => {
    const wide = recompute(report, { minEffect: 0.2 });
    expect(verdictsOf(wide)).toMatchObject({ lookup: ['unchanged', 'regression', 'unchanged'] });
    expect(wide.outcome.canaries).toEqual(report.outcome.canaries);
    const effects = wide.subjects.map(({ bench, metrics }) => [bench, metrics[0]?.rule.minEffect]);
    expect(effects).toEqual([
      ['lookup', 0.025],
      ['lookup', 0.025],
      ['lookup', 0.2],
      ['build', 0.2],
      ['encode', 0.2],
      ['lock', 0.25],
      ['mutex', undefined],
      ['broken', undefined],
    ]);
    const narrow = recompute(report, { minEffect: 0.3 }).subjects.find(({ bench }) => bench === 'lock');
    expect(narrow?.metrics[0]?.rule.minEffect).toBe(0.3);
  });

  it('judges by another alpha: one that no number of exchanges can reach confirms nothing', () => {
    const strict = recompute(report, { alpha: 1e-6 });
    expect(verdictsOf(strict)).toMatchObject({ lookup: ['inconclusive', 'inconclusive', 'unchanged'] });
    expect(strict.outcome.verdict).toBe('inconclusive');
  });

  it.each([0, -0.1, Number.NaN, 1.5])('refuses %d as a share', share => {
    expect(() => recompute(report, { alpha: share })).toThrow(
      `Alpha must be a share above 0 and at most 1: received ${share}`,
    );
    expect(() => recompute(report, { minEffect: share })).toThrow(RangeError);
  });
});
