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
  it('runs on head and then on base, finds out how much work a sample is, and every other process does as much', async () => {
    const { asked } = await runOf(noisy({}));
    const [pilots, others] = [asked.slice(0, 2), asked.slice(2)];
    expect(pilots).toMatchObject([
      { arm: 'head', job: { pilot: true } },
      { arm: 'base', job: { pilot: true } },
    ]);
    for (const { job } of pilots) expect(job).not.toHaveProperty('cyclesPerChunk');
    expect(others).toHaveLength(16);
    for (const { job } of others) {
      expect(job).toMatchObject({ warmupCycles: 40, cyclesPerChunk: 12, chunksPerWindow: 5 });
      expect(job).not.toHaveProperty('pilot');
    }
  });

  it.each([
    { head: 40, base: 70 },
    { head: 70, base: 40 },
  ])('warms up as long as the slower build takes, and measures what head found: %o', async warmup => {
    const { run, asked } = await runOf(async (job, arm) =>
      timed(job, 100, { warmupCycles: warmup[arm], cyclesPerChunk: arm === 'head' ? 12 : 99 }),
    );
    expect(asked.slice(2)).toHaveLength(16);
    for (const { job } of asked.slice(2)) expect(job).toMatchObject({ warmupCycles: 70, cyclesPerChunk: 12 });
    const work = { warmupCycles: 70, cyclesPerChunk: 12, chunksPerWindow: 5 };
    expect(subjectReports([run], 1)[0]).toMatchObject({ work, guards: soundGuards });
  });

  it('hands the parameters of an arm to that arm alone', async () => {
    const armParams = { base: { slowdown: 0 }, head: { slowdown: 5 } };
    const { asked } = await runOf(noisy({}), { params: { slowdown: 1, nodes: 10 }, armParams });
    for (const { job, arm } of asked) {
      expect(job.params).toEqual({ slowdown: arm === 'head' ? 5 : 0, nodes: 10 });
    }
  });

  it.each([
    { wrong: { timesEmpty: 2 }, head: 'failed', base: 'incomparable', why: 'optimised away' },
    { wrong: { linearity: 3 }, head: 'unmeasured', base: 'unmeasured', why: 'Twice the work' },
    { wrong: { stillFalling: 0.1 }, head: 'unmeasured', base: 'unmeasured', why: 'must be warm' },
  ] as const)(
    'is tried three times where its guards fail, each time as a pilot, and then nothing is compared: $wrong',
    async ({ wrong, why, ...statuses }) => {
      for (const broken of ['head', 'base'] as const) {
        const { run, asked } = await runOf(async (job, arm) =>
          timed(job, 100, arm === broken ? guardsOf(job, wrong) : {}),
        );
        const sound = broken === 'head' ? [] : ['head true'];
        expect(asked.map(({ job, arm }) => `${arm} ${job.pilot}`)).toEqual([
          ...sound,
          ...Array.from({ length: 3 }, () => `${broken} true`),
        ]);
        const said = run.trouble?.why ?? '';
        expect(said).toContain(why);
        // Whose guard it is must be said where it is not head's.
        expect(said.startsWith('In base: ')).toBe(broken === 'base');
        expect([run.next, run.pairsExpected]).toEqual(['stop', 0]);
        const [report] = subjectReports([run], 1);
        expect(report).toMatchObject({ status: statuses[broken], why: said, pairs: [], metrics: [] });
      }
    },
  );

  it.each(['head', 'base'] as const)('is forgiven a guard that holds the next time: %s', async broken => {
    let pilots = 0;
    const { run, asked } = await runOf(async (job, arm) => {
      if (job.pilot !== true || arm !== broken) return timed(job, 100, { warmupCycles: 1 });
      pilots += 1;
      // What an unsound pilot found would be the larger.
      const warmupCycles = pilots < 3 ? 90 : 3;
      return timed(job, 100, { warmupCycles, ...guardsOf(job, pilots < 3 ? { linearity: 3 } : {}) });
    });
    expect(pilots).toBe(3);
    expect(run.trouble).toBeUndefined();
    expect(stages(run)).toBe('8 + 0');
    // What the others do is what the sound pilots found.
    for (const { job } of asked.slice(4)) expect(job.warmupCycles).toBe(3);
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

  it('in the pilot of base cannot be compared either, and head is not asked again', async () => {
    const { run, asked } = await runOf(async (job, arm) => {
      if (arm === 'base') throw new Error('It broke on base');
      return timed(job, 100);
    });
    expect(run.trouble).toEqual({ status: 'incomparable', why: 'Base cannot run it: It broke on base' });
    expect(asked.map(({ arm }) => arm)).toEqual(['head', 'base']);
    expect([run.next, run.pairsExpected]).toEqual(['stop', 0]);
  });

  it('on both has failed, whichever comes first in the pair', async () => {
    const firsts = new Set<Arm | undefined>();
    for (let seed = 1; seed <= 8; seed++) {
      const { runs, asked } = await measureFake([subjectOf('bench')], failing(['base', 'head']), { seed });
      firsts.add(asked[2]?.arm);
      expect(runs[0]?.trouble).toEqual({ status: 'failed', why: 'It broke on head' });
    }
    expect(firsts).toEqual(new Set(['base', 'head']));
  });

  it('after some pairs leaves the question open where base does', async () => {
    let processes = 0;
    const { run } = await runOf(async (job, arm) => {
      if (++processes > 10 && arm === 'base') throw new Error('It broke late');
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

  it('that base alone has is found out in its pilot', async () => {
    const { asked } = await runOf(checksums(arm => (arm === 'base' ? 8 : 7)));
    expect(asked.map(({ arm, job }) => `${arm} ${job.pilot}`)).toEqual(['head true', 'base true']);
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

  it('are followed by as many again, twice, where those leave a doubt', async () => {
    // As fresh pairs are taken, most of the slowdown is gone, and they are spread.
    const fading = async (later: number): Promise<SubjectRun> => {
      let pairs = 0;
      const { run } = await runOf(async (job, arm) => {
        if (job.pilot !== true && arm === 'head') pairs += 1;
        const slower = pairs <= 8 ? 0.06 : later + (pairs % 2 === 0 ? 0.04 : -0.04);
        return timed(job, arm === 'head' ? 100 * (1 + slower) : 100);
      });
      return run;
    };
    for (const later of [0.013, 0.03]) {
      const run = await fading(later);
      expect(stages(run)).toBe('8 + 48');
      // They might be twice as slow as what counts: nothing is shown, for or against.
      expect(subjectReports([run], 1)[0]?.metrics[0]?.verdict).toBe('inconclusive');
    }
  });

  it('are not followed by more where the fresh ones show that there was nothing', async () => {
    let pairs = 0;
    const { run } = await runOf(async (job, arm) => {
      if (job.pilot !== true && arm === 'head') pairs += 1;
      return timed(job, arm === 'head' && pairs <= 8 ? 106 : 100);
    });
    expect(stages(run)).toBe('8 + 16');
    expect(subjectReports([run], 1)[0]?.metrics[0]?.verdict).toBe('unchanged');
  });

  it('are confirmed by more the more comparisons there are in the run', async () => {
    // Fresh pairs of which so many say the opposite: p is 0.0002, which is little for one comparison and much for a hundred.
    const taken = async (others: number): Promise<string> => {
      const measure = async (job: Job, arm: Arm): Promise<Sample> => {
        const time = job.bench === 'bench' && arm === 'head' ? slowed(job) : 100;
        return timed(job, time);
      };
      let pairs = 0;
      const slowed = (job: Job): number => {
        if (job.pilot === true) return 106;
        pairs += 1;
        return pairs > 8 && pairs % 16 === 1 ? 94 : 106;
      };
      const subjects = Array.from({ length: others }, (_, index) => subjectOf(`other ${index}`));
      const { runs } = await measureFake([subjectOf('bench'), ...subjects], measure);
      return stages(runs[0] as SubjectRun);
    };
    expect(await taken(0)).toBe('8 + 16');
    expect(await taken(99)).toBe('8 + 32');
  });

  it('begin with each build once in every two', async () => {
    const orders = new Set<string>();
    for (let seed = 1; seed <= 8; seed++) {
      const { runs } = await measureFake([subjectOf('bench')], noisy({ bench: 0.06 }), { seed });
      const firsts = runs[0]?.pairs.map(({ first }) => first) ?? [];
      expect(firsts).toHaveLength(24);
      for (let at = 0; at < firsts.length; at += 2) {
        expect(new Set(firsts.slice(at, at + 2))).toEqual(new Set(['base', 'head']));
      }
      orders.add(firsts.join());
    }
    // Which of them is drawn.
    expect(orders.size).toBe(8);
  });

  it('are no more than the most, however long it stays unsure', async () => {
    let pairs = 0;
    const { run } = await runOf(async (job, arm) => {
      if (job.pilot !== true && arm === 'head') pairs += 1;
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
      expect(asked[2 + 2 * index]?.arm).toBe(first);
      expect(asked[3 + 2 * index]?.arm).toBe(first === 'base' ? 'head' : 'base');
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
      return sampleOf(windows(processes <= 18, arm === 'head' ? 150 : 100));
    }, group);
    expect(stages(run)).toBe('8 + 64');
    expect(subjectReports([run], 1)[0]?.metrics[0]).toMatchObject({
      verdict: 'inconclusive',
      why: '+50 %, but no fresh pairs were left to confirm it',
    });
  });

  it('makes up for pairs in which it did not run at once', async () => {
    let pairs = 0;
    const { run } = await runOf(async (job, arm) => {
      if (job.pilot !== true && arm === 'base') pairs += 1;
      return sampleOf(windows(job.pilot === true || arm === 'head' || pairs % 3 !== 0));
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
