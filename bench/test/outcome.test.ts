import { describe, expect, it } from 'vitest';
import type { MetricReport, SubjectReport } from '../src/check/check-report.ts';
import { outcomeOf } from '../src/check/outcome.ts';
import type { Verdict } from '../src/statistics/decide.ts';
import { gateRule } from './simulated-decisions.ts';

function metricOf(verdict: Verdict, part: Partial<MetricReport> = {}): MetricReport {
  return {
    metric: 'time',
    kind: 'time',
    unit: 'ns',
    rule: gateRule,
    floor: 0,
    base: 100,
    head: 100,
    estimate: { hl: 0, lo: 0, hi: 0, pairs: 8, stage: 'screen' },
    p: 1,
    adjustedP: 1,
    verdict,
    why: `it is ${verdict}`,
    ...part,
  };
}

function secondary(verdict: Verdict, part: Partial<MetricReport> = {}): MetricReport {
  const rule = { ...gateRule, riseOnly: true } as const;
  return metricOf(verdict, { metric: 'bytes', kind: 'bytes', rule, ...part });
}

function subject(name: string, part: Partial<SubjectReport>): SubjectReport {
  return {
    name,
    suite: 'suite',
    bench: name,
    contender: '@quorate/ring',
    params: {},
    threads: 1,
    inGroup: false,
    presence: 'both',
    status: 'compared',
    checksum: 7,
    work: null,
    guards: null,
    pairs: [],
    metrics: [],
    ...part,
  };
}

const compared = (name: string, ...metrics: MetricReport[]): SubjectReport => subject(name, { metrics });
const canary = (truth: number, ...metrics: MetricReport[]): SubjectReport =>
  subject(`canary ${truth}`, { canary: truth, metrics });

const sound = [canary(0, metricOf('unchanged')), canary(0.05, metricOf('regression'))];
const broken = [canary(0, metricOf('unchanged')), canary(0.05, metricOf('possible'))];
const failed = subject('failing', { status: 'failed', why: 'It broke' });
const slower = compared('slower', metricOf('regression'));
const wide = compared('wide', metricOf('inconclusive'));
const still = compared('still', metricOf('unchanged'));

describe('outcomeOf', () => {
  it('is green where nothing got slower', () => {
    const faster = compared('faster', metricOf('improvement'), metricOf('possible'));
    expect(outcomeOf([...sound, still, faster])).toMatchObject({
      verdict: 'ok',
      exitCode: 0,
      why: ['Nothing got slower'],
    });
  });

  it.each([
    ['what failed', [failed, slower, wide, still], broken, 'failed', 3, 'failing: It broke'],
    ['a canary', [slower, wide, still], broken, 'inconclusive', 2, 'What is known did not come out as it is'],
    ['a regression', [slower, wide, still], sound, 'regression', 1, 'slower, time: it is regression'],
    ['what is unsure', [wide, still], sound, 'inconclusive', 2, 'wide, time: it is inconclusive'],
    ['nothing of it', [still], sound, 'ok', 0, 'Nothing got slower'],
  ] as const)('puts %s before the rest', (_, own, canaries, verdict, exitCode, first) => {
    for (const subjects of [
      [...canaries, ...own],
      [...own.toReversed(), ...canaries],
    ]) {
      const outcome = outcomeOf(subjects);
      expect(outcome).toMatchObject({ verdict, exitCode });
      expect(outcome.why[0]).toContain(first);
    }
  });

  it('names what else was found beside the reason for its verdict', () => {
    expect(outcomeOf([...sound, failed, slower]).why).toEqual([
      'failing: It broke',
      'slower, time: it is regression',
    ]);
    expect(outcomeOf([...broken, slower]).why).toEqual([
      expect.stringContaining('the machine was too busy'),
      'canary 0.05: +5.0 % must be caught; time is possible: it is possible',
      'slower, time: it is regression',
    ]);
  });

  it('is inconclusive where nothing could be compared, and says why not', () => {
    const absent = subject('absent', { status: 'incomparable', why: 'Base cannot run it' });
    expect(outcomeOf([...sound, absent])).toMatchObject({
      verdict: 'inconclusive',
      exitCode: 2,
      why: ['Nothing could be compared', 'absent: Base cannot run it'],
    });
    expect(outcomeOf(sound)).toMatchObject({ exitCode: 2, why: ['Nothing could be compared'] });
  });

  it('is inconclusive where both builds have a bench that could not be compared', () => {
    const why = 'No window of its threads was accepted';
    const blind = subject('blind', { status: 'incomparable', why });
    expect(outcomeOf([...sound, blind, still])).toMatchObject({
      verdict: 'inconclusive',
      exitCode: 2,
      why: [`blind: ${why}`],
    });
    expect(outcomeOf([...sound, blind, slower])).toMatchObject({ exitCode: 1 });
    // What base does not have cannot have got slower.
    for (const presence of ['new', null] as const) {
      const young = subject('young', { status: 'incomparable', why, presence });
      expect(outcomeOf([...sound, young, still])).toMatchObject({ verdict: 'ok', exitCode: 0 });
    }
  });

  it('is inconclusive where the time was up for one of them', () => {
    const late = subject('late', { status: 'unmeasured', why: 'the time was up' });
    expect(outcomeOf([...sound, still, late])).toMatchObject({ exitCode: 2, why: ['late: the time was up'] });
    expect(outcomeOf([...sound, slower, late])).toMatchObject({ exitCode: 1 });
  });

  it('counts a rise of what comes along with time, but not that it is unsure', () => {
    const unsure = compared('unsure', metricOf('unchanged'), secondary('inconclusive'));
    expect(outcomeOf([...sound, unsure])).toMatchObject({ verdict: 'ok' });
    const more = compared('more', metricOf('unchanged'), secondary('regression'));
    expect(outcomeOf([...sound, more])).toMatchObject({
      verdict: 'regression',
      why: ['more, bytes: it is regression'],
    });
  });

  it('is inconclusive where a rise of what comes along with time was seen and not confirmed', () => {
    const rise = (hl: number, lo: number, verdict: Verdict = 'inconclusive'): SubjectReport => {
      const estimate = { hl, lo, hi: 1, pairs: 32, stage: 'confirm' } as const;
      return compared('rising', metricOf('unchanged'), secondary(verdict, { estimate }));
    };
    expect(outcomeOf([...sound, rise(0.026, 0.001)])).toMatchObject({
      verdict: 'inconclusive',
      exitCode: 2,
      why: ['rising, bytes: it is inconclusive'],
    });
    // Less than counts, or not surely there: spread too far, no more.
    for (const open of [rise(0.025, 0.001), rise(0.1, 0), rise(0.1, 0.05, 'possible')]) {
      expect(outcomeOf([...sound, open])).toMatchObject({ verdict: 'ok', exitCode: 0 });
    }
  });

  it('is not red for what is merely possible', () => {
    expect(outcomeOf([...sound, compared('perhaps', metricOf('possible'))])).toMatchObject({ exitCode: 0 });
  });
});

describe('canaries', () => {
  const passed = (...subjects: SubjectReport[]): boolean[] =>
    outcomeOf([...subjects, still]).canaries.map(result => result.passed);

  it('pass where identical code comes out equal and what is slower is caught', () => {
    expect(outcomeOf([...sound, still]).canaries).toEqual([
      { subject: 'canary 0', truth: 0, passed: true, why: 'identical code must come out equal, and is' },
      { subject: 'canary 0.05', truth: 0.05, passed: true, why: '+5.0 % must be caught, and is' },
    ]);
  });

  it.each(['regression', 'possible', 'improvement', 'inconclusive'] as const)(
    'fail where identical code is called %s, in anything that is measured of it',
    verdict => {
      expect(passed(canary(0, metricOf(verdict)))).toEqual([false]);
      expect(passed(canary(0, metricOf('unchanged'), secondary(verdict)))).toEqual([false]);
    },
  );

  it.each(['unchanged', 'possible', 'improvement', 'inconclusive'] as const)(
    'fail where a known slowdown is called %s',
    verdict => {
      expect(passed(canary(0.05, metricOf(verdict), secondary('regression')))).toEqual([false]);
    },
  );

  it('are caught by their time, whatever is said of their bytes', () => {
    expect(passed(canary(0.05, metricOf('regression'), secondary('unchanged')))).toEqual([true]);
  });

  it('fail where they were not measured, or threw', () => {
    expect(passed(canary(0), canary(0.05))).toEqual([false, false]);
    const metrics = [metricOf('unchanged')];
    expect(passed(subject('canary', { canary: 0, status: 'failed', metrics }))).toEqual([false]);
    const thrown = subject('canary', { canary: 0, status: 'failed', why: 'It broke' });
    const outcome = outcomeOf([thrown, still]);
    expect(outcome).toMatchObject({ exitCode: 2 });
    expect(outcome.canaries[0]?.why).toBe('identical code must come out equal; It broke');
  });

  it('are no benches of their own: neither a regression nor something compared', () => {
    expect(outcomeOf([...sound, subject('none', { status: 'incomparable', why: 'new' })])).toMatchObject({
      exitCode: 2,
    });
    expect(outcomeOf([...sound, still]).exitCode).toBe(0);
  });
});
