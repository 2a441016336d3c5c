import { describe, expect, it } from 'vitest';
import { renderFindings } from '../src/validate/render-findings.ts';
import { findingsOf } from '../src/validate/summary.ts';
import { comparisonOf, logsOf, runOf } from './validation-runs.ts';

/** So many of the same. */
const times = <Item>(count: number, item: Item): Item[] => Array.from({ length: count }, () => item);

const regression = { verdict: 'regression' as const };

describe('findingsOf', () => {
  it('counts false alarms among comparisons and whole runs of unchanged benches, with their bounds', () => {
    const quiet = times(20, comparisonOf());
    const alarm = runOf({ exitCode: 1, comparisons: [...quiet.slice(1), comparisonOf(regression)] });
    const changed = runOf({
      kind: 'changed',
      exitCode: 1,
      comparisons: times(20, comparisonOf({ truth: 5, ...regression })),
    });
    const findings = findingsOf([...times(9, runOf({ comparisons: quiet })), alarm, changed], 'all');
    expect(findings.runs).toBe(11);
    expect(findings.falseAlarms).toMatchObject({ count: 1, of: 200 });
    expect(findings.falseRuns).toMatchObject({ count: 1, of: 10 });
    // Clopper and Pearson's, one in ten at 90 %.
    expect(findings.falseRuns?.lo).toBeCloseTo(0.0051, 4);
    expect(findings.falseRuns?.hi).toBeCloseTo(0.3942, 4);
    expect(findings.undecidedRuns).toMatchObject({ count: 0, of: 10 });
  });

  it('states the bound where there was none', () => {
    const findings = findingsOf(times(300, runOf({ comparisons: times(20, comparisonOf()) })), 'all');
    expect(findings.falseAlarms).toEqual({ count: 0, of: 6000, lo: 0, hi: expect.closeTo(3 / 6000, 5) });
    expect(findings.falseRuns?.hi).toBeCloseTo(1 - 0.05 ** (1 / 300), 9);
  });

  it('counts alarms of what is not time too, and runs that were neither red nor green', () => {
    const others = ['maps, bytes: regression', 'maps, collections: possible', 'maps: failed: it broke'];
    const findings = findingsOf([runOf({ others }), runOf({ exitCode: 2 }), runOf({ exitCode: 3 })], 'all');
    expect(findings.falseAlarms).toMatchObject({ count: 1, of: 3 });
    expect(findings.undecidedRuns).toMatchObject({ count: 2, of: 3 });
    expect(findings.falseRuns).toMatchObject({ count: 0, of: 3 });
  });

  it('counts what did not change among all runs, also beside what did', () => {
    const changed = runOf({
      kind: 'changed',
      exitCode: 1,
      comparisons: [
        ...times(12, comparisonOf()),
        comparisonOf(regression),
        ...times(7, comparisonOf({ truth: 5, ...regression })),
      ],
      // What else comes with more work is no false alarm.
      others: ['maps, bytes: regression'],
    });
    const same = runOf({ comparisons: times(20, comparisonOf()) });
    const findings = findingsOf([same, changed], 'all');
    expect(findings.falseAlarms).toMatchObject({ count: 1, of: 33 });
    // A run with something slower in it is red and is right.
    expect(findings.falseRuns).toMatchObject({ count: 0, of: 1 });
  });

  it('counts what was caught of each slowdown, and faster benches that were called slower', () => {
    const comparisons = [
      ...times(19, comparisonOf({ truth: 5, ...regression })),
      comparisonOf({ truth: 5, verdict: 'possible' }),
      ...times(4, comparisonOf({ truth: 10, ...regression })),
      comparisonOf({ truth: 10, verdict: 'failed' }),
      comparisonOf({ truth: -5, verdict: 'improvement' }),
      comparisonOf({ truth: -5, ...regression }),
    ];
    const red = runOf({ kind: 'changed', exitCode: 1, comparisons });
    const { caught, fasterAlarms } = findingsOf([red], 'all');
    expect(Object.keys(caught)).toEqual(['5', '10']);
    expect(caught['5']).toMatchObject({ count: 19, of: 20 });
    expect(caught['10']).toMatchObject({ count: 4, of: 5 });
    expect(fasterAlarms).toMatchObject({ count: 1, of: 2 });
  });

  it.each([0, 2, 3] as const)(
    'does not call caught what a run found and did not end red for: %i',
    exitCode => {
      // Made anew in each run: only the run tells them apart.
      const slower = () => times(4, comparisonOf({ truth: 5, ...regression }));
      const red = runOf({ kind: 'changed', exitCode: 1, comparisons: slower() });
      const other = runOf({ kind: 'changed', exitCode, comparisons: slower() });
      const { caught } = findingsOf([red, other], 'all');
      expect(caught['5']).toMatchObject({ count: 4, of: 8 });
    },
  );

  it('finds how far estimates are from the truth, and in which bench most', () => {
    const known = (bench: string, truth: number, change: number) => comparisonOf({ bench, truth }, change);
    const same = runOf({ comparisons: [known('maps', 0, 0.001), known('strings', 0, -0.003)] });
    const changed = runOf({
      kind: 'changed',
      comparisons: [
        known('maps', 5, 0.052),
        known('maps', 5, 0.054),
        known('strings', 5, 0.05),
        known('maps', 10, 0.09),
        // What is slower in base by 5 % is faster in head by 1 - 1 / 1.05.
        known('maps', -5, 1 / 1.05 - 1),
      ],
    });
    const { bias } = findingsOf([same, changed], 'all');
    expect(
      Object.keys(bias)
        .map(Number)
        .sort((a, b) => a - b),
    ).toEqual([-5, 0, 5, 10]);
    const near = (value: number): unknown => expect.closeTo(value, 6);
    expect(bias['0']).toEqual({ mean: near(-0.1), worst: near(-0.3), bench: 'strings' });
    expect(bias['5']).toEqual({ mean: near(0.15), worst: near(0.3), bench: 'maps' });
    expect(bias['10']).toEqual({ mean: near(-1), worst: near(-1), bench: 'maps' });
    expect(bias['-5']).toEqual({ mean: near(0), worst: near(0), bench: 'maps' });
  });

  it('takes the bias from the first eight pairs alone: how many follow hangs on what those show', () => {
    const later = logsOf(16, 0.3);
    const first = logsOf(8, 0.08);
    const screen = { base: [...first.base, ...later.base], head: [...first.head, ...later.head] };
    const comparison = comparisonOf({ truth: 5, screen, confirm: later });
    const { bias } = findingsOf([runOf({ kind: 'changed', comparisons: [comparison] })], 'all');
    expect(bias['5']?.mean).toBeCloseTo(3, 9);
  });

  it('estimates from all processes, so that slowed ones of either build do not move it', () => {
    // Two of eight heads and two other bases met a neighbour.
    const { base, head } = logsOf(8, 0.05);
    const screen = {
      base: base.map((log, pair) => (pair < 2 ? log + 2500 : log)),
      head: head.map((log, pair) => (pair > 5 ? log + 2500 : log)),
    };
    const comparison = comparisonOf({ truth: 5, screen });
    const { bias } = findingsOf([runOf({ kind: 'changed', comparisons: [comparison] })], 'all');
    expect(Math.abs(bias['5']?.mean ?? NaN)).toBeLessThan(0.03);
  });

  it('leaves out of the bias what was not measured, or not to its first look', () => {
    const comparisons = [
      comparisonOf({ verdict: 'failed', screen: logsOf(0) }),
      comparisonOf({ verdict: 'inconclusive', screen: logsOf(7, 0.5) }),
    ];
    expect(findingsOf([runOf({ comparisons })], 'all').bias['0']).toEqual({ mean: 0, worst: 0, bench: '' });
  });

  it('says how long unchanged runs take, and how many pairs unchanged benches', () => {
    const runs = [100, 110, 120, 200].map(seconds => runOf({ seconds }));
    const confirmed = runOf({ seconds: 130, comparisons: [comparisonOf({ confirm: logsOf(16) })] });
    // Of a changed run, the benches that stayed the same count, and its time does not.
    const changed = runOf({
      kind: 'changed',
      seconds: 900,
      comparisons: [comparisonOf({ screen: logsOf(12) }), comparisonOf({ truth: 5, confirm: logsOf(32) })],
    });
    const findings = findingsOf([...runs, confirmed, changed], 'all');
    expect(findings.seconds).toEqual({ median: 120, p90: expect.closeTo(172, 9) });
    expect(findings.pairsUnchanged).toBeCloseTo((4 * 8 + 24 + 12) / 6, 12);
  });

  it('is of one condition, or of all', () => {
    const runs = [runOf(), runOf(), runOf({ condition: 'one neighbour' })];
    expect(findingsOf(runs, 'quiet')).toMatchObject({ condition: 'quiet', runs: 2 });
    expect(findingsOf(runs, 'one neighbour').falseRuns).toMatchObject({ of: 1 });
    expect(findingsOf(runs, 'twin')).toMatchObject({ runs: 0, falseAlarms: null, seconds: null });
    expect(findingsOf(runs, 'all').runs).toBe(3);
  });
});

describe('renderFindings', () => {
  it('puts what was found beside the goal', () => {
    const same = times(3, runOf({ comparisons: times(20, comparisonOf()) }));
    const changed = runOf({
      kind: 'changed',
      exitCode: 1,
      comparisons: [comparisonOf({ truth: 5, ...regression }, 0.052), comparisonOf({ truth: -5 }, -0.05)],
    });
    const text = renderFindings([findingsOf([...same, changed], 'quiet'), findingsOf(same, 'all')]);
    const lines = text.split('\n').map(line => line.replace(/ +/g, ' '));
    expect(lines).toEqual(
      expect.arrayContaining([
        'quiet: 4 runs',
        ' false alarms, comparisons of unchanged benches 0 of 60 = 0 % [0 %, 4.9 %] goal 0',
        ' false alarms, whole runs 0 of 3 = 0 % [0 %, 63.2 %] goal < 1 %',
        ' +5 % caught 1 of 1 = 100 % [5.0 %, 100 %] goal ≥ 95 %',
        ' faster benches called slower 0 of 1 = 0 % [0 %, 95.0 %] goal 0',
        ' bias at +5 %, points 0.20; worst bench 0.20 (maps) goal ≤ 0.5',
        ' 20 unchanged benches take 100 s, p90 100 s goal ≤ 180 s',
        ' pairs an unchanged bench takes 8.0',
        'All conditions: 3 runs',
      ]),
    );
    expect(renderFindings([findingsOf([runOf()], 'quiet')])).toContain('quiet: 1 run\n');
    expect(renderFindings([findingsOf([], 'all')])).toContain('none measured');
  });
});
