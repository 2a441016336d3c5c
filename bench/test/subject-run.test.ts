import { describe, expect, it } from 'vitest';
import type { Arm } from '../src/check/check-report.ts';
import { subjectReports } from '../src/check/subject-report.ts';
import type { SubjectRun } from '../src/check/subject-run.ts';
import type { Guards, Job, Sample } from '../src/measure/job.ts';
import { measureFake, noisy, soundGuards, subjectOf, timed } from './fake-subjects.ts';
import { sampleOf } from './outcomes.ts';

/** One subject through a run. */
async function runOf(measure: (job: Job, arm: Arm) => Promise<Sample>, part = {}) {
  const { runs, asked } = await measureFake([subjectOf('bench', part)], measure);
  return { run: runs[0] as SubjectRun, asked };
}

const stages = ({ pairs }: SubjectRun): string =>
  ['screen', 'confirm'].map(stage => pairs.filter(pair => pair.stage === stage).length).join(' + ');

describe('the pilot', () => {
  it('runs on head, finds out how much work a sample is, and every other process does as much', async () => {
    const { asked } = await runOf(noisy({}));
    const [pilot, ...others] = asked;
    expect(pilot).toMatchObject({ arm: 'head', job: { pilot: true } });
    expect(pilot?.job).not.toHaveProperty('cyclesPerChunk');
    expect(others).toHaveLength(16);
    for (const { job } of others) {
      expect(job).toMatchObject({ warmupCycles: 40, cyclesPerChunk: 12, chunksPerWindow: 5 });
      expect(job).not.toHaveProperty('pilot');
    }
  });

  it('hands the parameters of an arm to that arm alone', async () => {
    const armParams = { base: { slowdown: 0 }, head: { slowdown: 5 } };
    const { asked } = await runOf(noisy({}), { params: { slowdown: 1, nodes: 10 }, armParams });
    for (const { job, arm } of asked) {
      expect(job.params).toEqual({ slowdown: arm === 'head' ? 5 : 0, nodes: 10 });
    }
  });

  it('is tried three times where its guards fail, each time as a pilot, and then the bench has failed', async () => {
    const { run, asked } = await runOf(async job => timed(job, 100, guardsOf(job, { timesEmpty: 2 })));
    expect(asked.map(({ job, arm }) => [arm, job.pilot])).toEqual([
      ['head', true],
      ['head', true],
      ['head', true],
    ]);
    expect(run.trouble).toEqual({ status: 'failed', why: expect.stringContaining('optimised away') });
    const [report] = subjectReports([run], 1);
    expect(report).toMatchObject({ status: 'failed', guards: { timesEmpty: 2 }, pairs: [], metrics: [] });
  });

  it('is forgiven a guard that holds the next time', async () => {
    let pilots = 0;
    const { run, asked } = await runOf(async job => {
      if (job.pilot === true) pilots += 1;
      return timed(job, 100, { warmupCycles: pilots, ...guardsOf(job, pilots < 3 ? { linearity: 3 } : {}) });
    });
    expect(pilots).toBe(3);
    expect(run.trouble).toBeUndefined();
    expect(stages(run)).toBe('8 + 0');
    // What the others do is what the sound pilot found.
    for (const { job } of asked.slice(3)) expect(job.warmupCycles).toBe(3);
    expect(subjectReports([run], 1)[0]?.guards).toEqual(soundGuards);
  });

  it('needs no guards where there are none, as in thread groups', async () => {
    const { run } = await runOf(async () => sampleOf({ chunkNs: [100] }));
    expect(stages(run)).toBe('8 + 0');
  });
});

describe('a bench that fails', () => {
  const failing = (arms: readonly Arm[], message = 'It broke') => {
    return async (job: Job, arm: Arm): Promise<Sample> => {
      if (job.pilot !== true && arms.includes(arm)) throw new Error(`${message} on ${arm}`);
      return timed(job, 100);
    };
  };

  it('on head has failed, before it was ever compared or later', async () => {
    const { run, asked } = await runOf(async () => {
      throw new Error('It broke');
    });
    expect(run.trouble).toEqual({ status: 'failed', why: 'It broke' });
    expect(asked).toHaveLength(1);
    const later = await runOf(failing(['head']));
    expect(later.run.trouble).toEqual({ status: 'failed', why: 'It broke on head' });
    expect(later.run.next).toBe('stop');
    expect(later.run.pairsExpected).toBe(0);
  });

  it('on base cannot be compared', async () => {
    const { run } = await runOf(failing(['base']));
    expect(run.trouble).toEqual({ status: 'incomparable', why: 'Base cannot run it: It broke on base' });
    expect(run.pairs).toEqual([]);
  });

  it('on both has failed, whichever comes first in the pair', async () => {
    const firsts = new Set<Arm | undefined>();
    for (let seed = 1; seed <= 8; seed++) {
      const { runs, asked } = await measureFake([subjectOf('bench')], failing(['base', 'head']), { seed });
      firsts.add(asked[1]?.arm);
      expect(runs[0]?.trouble).toEqual({ status: 'failed', why: 'It broke on head' });
    }
    expect(firsts).toEqual(new Set(['base', 'head']));
  });

  it('after some pairs leaves the question open where base does', async () => {
    let processes = 0;
    const { run } = await runOf(async (job, arm) => {
      if (++processes > 9 && arm === 'base') throw new Error('It broke late');
      return timed(job, arm === 'head' ? 150 : 100);
    });
    expect(run.pairs.length).toBeGreaterThan(2);
    expect(subjectReports([run], 1)[0]).toMatchObject({
      status: 'unmeasured',
      why: 'Base cannot run it: It broke late',
      metrics: [],
    });
  });
});

describe('the checksum of a process', () => {
  const checksums = (of: (arm: Arm, pilot: boolean) => number) => {
    return async (job: Job, arm: Arm): Promise<Sample> =>
      timed(job, 100, { checksum: of(arm, job.pilot === true) });
  };

  it('that base alone has makes it incomparable', async () => {
    const { run } = await runOf(checksums(arm => (arm === 'base' ? 8 : 7)));
    expect(run.trouble).toEqual({
      status: 'incomparable',
      why: 'Base computes something else: its checksum is 8, in the pilot it was 7',
    });
  });

  it('that changes from process to process on head fails the bench', async () => {
    const { run } = await runOf(checksums((arm, pilot) => (arm === 'head' && !pilot ? 8 : 7)));
    expect(run.trouble).toEqual({
      status: 'failed',
      why: 'Bench must do the same work in each process: its checksum is 8, in the pilot it was 7',
    });
  });
});

describe('the pairs of a subject', () => {
  it('are eight where nothing moves', async () => {
    const { run } = await runOf(noisy({}));
    expect(stages(run)).toBe('8 + 0');
    expect(subjectReports([run], 1)[0]).toMatchObject({
      status: 'compared',
      metrics: [{ verdict: 'unchanged' }],
    });
  });

  it('are followed by fresh ones where head is slower', async () => {
    const { run } = await runOf(noisy({ bench: 0.06 }));
    expect(stages(run)).toBe('8 + 16');
    expect(run.pairs.map(({ stage }) => stage).lastIndexOf('screen')).toBe(7);
    expect(subjectReports([run], 1)[0]?.metrics[0]).toMatchObject({ verdict: 'regression' });
  });

  it('are followed by twice as many where those leave a doubt', async () => {
    // As fresh pairs are taken, most of the slowdown is gone, and they are spread.
    let pairs = 0;
    const { run } = await runOf(async (job, arm) => {
      if (arm === 'head') pairs += 1;
      const slower = pairs <= 9 ? 0.06 : 0.02 + (pairs % 2 === 0 ? 0.04 : -0.04);
      return timed(job, arm === 'head' ? 100 * (1 + slower) : 100);
    });
    expect(stages(run)).toBe('8 + 32');
    expect(subjectReports([run], 1)[0]?.metrics[0]?.verdict).toBe('possible');
  });

  it('are no more than the most, however long it stays unsure', async () => {
    let pairs = 0;
    const { run } = await runOf(async (job, arm) => {
      if (arm === 'head') pairs += 1;
      return timed(job, arm === 'base' ? 100 : pairs % 2 === 0 ? 85 : 115);
    });
    expect(stages(run)).toBe('24 + 0');
    expect(subjectReports([run], 1)[0]?.metrics[0]?.verdict).toBe('inconclusive');
  });

  it('go on for a metric that asks for them, though time does not', async () => {
    const { run } = await runOf(async (job, arm) => {
      const account = { bytesPerOp: arm === 'head' ? 120 : 100, collectionsPerOp: 0, ops: 1e6 };
      return timed(job, 100, { account });
    });
    expect(stages(run)).toBe('8 + 16');
    const verdicts = subjectReports([run], 1)[0]?.metrics.map(
      ({ metric, verdict }) => `${metric} ${verdict}`,
    );
    expect(verdicts).toEqual(['time unchanged', 'bytes regression', 'collections unchanged']);
  });

  it('hold what both processes found, and which came first', async () => {
    const { run, asked } = await runOf(async (job, arm) =>
      timed(job, arm === 'base' ? 100 : 101, { busy: 0.9 }),
    );
    for (const [index, { turn, first, base, head }] of run.pairs.entries()) {
      expect(turn).toBe(index);
      expect(asked[1 + 2 * index]?.arm).toBe(first);
      expect(asked[2 + 2 * index]?.arm).toBe(first === 'base' ? 'head' : 'base');
      expect(base).toEqual({ values: { time: 100 }, chunks: [120, 100, 100 * 1.1], busy: 0.9 });
      expect(head.values).toEqual({ time: 101 });
    }
  });
});

describe('a thread group', () => {
  const group = { threads: 2, bench: { name: 'bench', threads: [2], contenders: {} } };
  const windows = (accepted: boolean, nsPerOp = 100): Partial<Sample> => ({
    chunkNs: [],
    groupWindows: [{ nsPerOp, overlap: accepted ? 0.95 : 0.5, busy: 1, accepted }],
  });

  it('that never ran at once is unmeasured, and does not go on for ever', async () => {
    const { run, asked } = await runOf(async () => sampleOf(windows(false)), group);
    expect(stages(run)).toBe('24 + 0');
    expect(asked[0]?.job).toMatchObject({ threads: 2, inGroup: true });
    expect(subjectReports([run], 1)[0]).toMatchObject({
      status: 'unmeasured',
      why: 'its 2 threads ran at once in none of 24 pairs of processes',
      metrics: [],
    });
  });

  it('that hardly ever ran at once after a suspicion does not go on for ever either', async () => {
    let processes = 0;
    const { run } = await runOf(async (_, arm) => {
      processes += 1;
      return sampleOf(windows(processes <= 17, arm === 'head' ? 150 : 100));
    }, group);
    expect(stages(run)).toBe('8 + 48');
    expect(subjectReports([run], 1)[0]?.metrics[0]).toMatchObject({
      verdict: 'possible',
      why: '+50 %, but no fresh pairs were left to confirm it',
    });
  });

  it('makes up for pairs in which it did not run at once', async () => {
    let pairs = 0;
    const { run } = await runOf(async (_, arm) => {
      if (arm === 'base') pairs += 1;
      return sampleOf(windows(arm === 'head' || pairs % 3 !== 0));
    }, group);
    expect(stages(run)).toBe('11 + 0');
    expect(subjectReports([run], 1)[0]).toMatchObject({
      status: 'compared',
      metrics: [{ verdict: 'unchanged', estimate: { pairs: 8 } }],
    });
  });
});

/** Guards of a pilot alone, as in a real process. */
function guardsOf(job: Job, wrong: Partial<Guards>): Partial<Sample> {
  return job.pilot === true ? { guards: { ...soundGuards, ...wrong } } : {};
}
