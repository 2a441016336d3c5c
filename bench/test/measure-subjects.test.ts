import { describe, expect, it } from 'vitest';
import type { Arm } from '../src/check/check-report.ts';
import { subjectReports } from '../src/check/subject-report.ts';
import type { SubjectRun } from '../src/check/subject-run.ts';
import type { Job, Sample } from '../src/measure/job.ts';
import { type Asked, measureFake, noisy, subjectOf, timed } from './fake-subjects.ts';

const names = ['one', 'two', 'three', 'four'];
const subjects = names.map(name => subjectOf(name));

/** The benches of the pairs in the order in which they were taken, without the pilots. */
function pairsOf(asked: readonly Asked[]): string[] {
  return asked
    .filter(({ job }) => job.pilot !== true)
    .flatMap(({ job }, at) => (at % 2 === 0 ? [job.bench] : []));
}

function rounds(benches: readonly string[], size: number): string[][] {
  return Array.from({ length: Math.ceil(benches.length / size) }, (_, round) =>
    benches.slice(round * size, (round + 1) * size),
  );
}

const sorted = (list: readonly string[]): string[] => [...list].sort();

describe('measureSubjects', () => {
  it('runs all pilots, then a pair of each subject in turn, in an order drawn anew', async () => {
    const { asked } = await measureFake(subjects, noisy({}));
    expect(asked.slice(0, 8).map(({ job, arm }) => `${job.bench} ${arm} ${job.pilot}`)).toEqual(
      names.flatMap(name => [`${name} head true`, `${name} base true`]),
    );
    const turns = rounds(pairsOf(asked), 4);
    expect(turns).toHaveLength(8);
    for (const turn of turns) expect(sorted(turn)).toEqual(sorted(names));
    expect(new Set(turns.map(turn => turn.join())).size).toBeGreaterThan(4);
  });

  it('takes the two processes of a pair one after the other, whichever first', async () => {
    const { asked, runs } = await measureFake(subjects, noisy({}));
    const processes = asked.slice(8);
    for (let at = 0; at < processes.length; at += 2) {
      const [first, second] = processes.slice(at, at + 2);
      expect(second?.job.bench).toBe(first?.job.bench);
      expect(new Set([first?.arm, second?.arm])).toEqual(new Set(['base', 'head']));
    }
    for (const { pairs } of runs) {
      expect(pairs).toHaveLength(8);
      // As many of each subject, whatever was drawn.
      expect(pairs.filter(({ first }) => first === 'head')).toHaveLength(4);
    }
  });

  it('tells all subjects how many comparisons there are, when all pilots are through', async () => {
    const account = { bytesPerOp: 1, collectionsPerOp: 0, ops: 1e6 };
    const canary = subjectOf('canary', { truth: 0 });
    const found: number[] = [];
    const { runs } = await measureFake(
      [canary, ...subjects],
      async job => {
        if (job.bench === 'four') throw new Error('It broke');
        return timed(job, 100, job.bench === 'two' ? { account } : {});
      },
      { onPair: run => void found.push(run.comparisons) },
    );
    // Time of three subjects, bytes and collections of one; what has a truth or no pilot is not compared.
    expect(runs.map(({ comparisons }) => comparisons)).toEqual([5, 5, 5, 5, 5]);
    expect(new Set(found)).toEqual(new Set([5]));
  });

  it('draws the same with the same seed, and something else with another', async () => {
    const order = async (seed: number): Promise<string[]> => {
      const { asked } = await measureFake(subjects, noisy({}), { seed });
      return asked.map(({ job, arm }) => `${job.bench} ${arm} ${job.seed}`);
    };
    expect(await order(3)).toEqual(await order(3));
    const [three, four] = [await order(3), await order(4)];
    expect(three.map(text => text.replace(/ \d$/, ''))).not.toEqual(
      four.map(text => text.replace(/ \d$/, '')),
    );
    for (const text of four) expect(text).toMatch(/ 4$/);
  });

  it('goes on with those alone that need more', async () => {
    const { asked, runs } = await measureFake(subjects, noisy({ two: 0.06 }));
    expect(runs.map(({ pairs }) => pairs.length)).toEqual([8, 24, 8, 8]);
    expect(new Set(pairsOf(asked).slice(32))).toEqual(new Set(['two']));
    // The confirmation begins in the turns of the others: pairs of all are counted through.
    const turns = runs.flatMap(({ pairs }) => pairs.map(({ turn }) => turn));
    expect(turns.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 48 }, (_, turn) => turn));
  });

  it('goes on with the others where one fails, and measures that one no more', async () => {
    const sound = noisy({});
    const { asked, runs } = await measureFake(subjects, async (job, arm) => {
      if (job.bench === 'three' && arm === 'head') throw new Error('It broke');
      if (job.bench === 'four' && arm === 'base') throw new Error('It broke there');
      return sound(job, arm);
    });
    expect(runs.map(({ trouble }) => trouble?.status)).toEqual([
      undefined,
      undefined,
      'failed',
      'incomparable',
    ]);
    const count = (bench: string): number => asked.filter(({ job }) => job.bench === bench).length;
    expect(names.map(count)).toEqual([18, 18, 1, 2]);
  });

  it('says after each pair how many are still to come', async () => {
    const said: string[] = [];
    const onPair = (run: SubjectRun, taken: number, expected: number): void =>
      void said.push(`${run.subject.bench.name} ${taken}/${expected}`);
    await measureFake([subjectOf('one'), subjectOf('two')], noisy({ two: 0.06 }), { onPair });
    const counts = said.map(text => text.replace(/^\w+ /, ''));
    expect(counts[0]).toBe('1/16');
    expect(counts.filter(text => text.endsWith('/16')).length).toBeGreaterThanOrEqual(13);
    // Two is suspect after its eighth pair: the confirmation is expected from then on.
    const eighth = said.filter(text => text.startsWith('two'))[7];
    expect(eighth).toMatch(/^two 1[56]\/32$/);
    expect(counts.at(-2)).toBe('31/32');
    expect(counts.at(-1)).toBe('32/32');
    expect(said.at(-1)).toBe('two 32/32');
  });

  it('expects four more where the pairs at hand leave it unsure', async () => {
    let expectedAt8 = 0;
    let pairs = 0;
    await measureFake(
      [subjectOf('one')],
      async (job, arm) => {
        if (job.pilot !== true && arm === 'head') pairs += 1;
        return timed(job, arm === 'base' ? 100 : pairs % 2 === 0 ? 85 : 115);
      },
      { onPair: (_, taken, expected) => void (taken === 8 ? (expectedAt8 = expected) : 0) },
    );
    expect(expectedAt8).toBe(12);
  });
});

describe('the budget', () => {
  /** Each process takes a second. */
  async function within(budgetMs: number): Promise<{ runs: SubjectRun[]; asked: Asked[] }> {
    let nowMs = 5000;
    const sound = noisy({});
    const measure = async (job: Job, arm: Arm): Promise<Sample> => {
      nowMs += 1000;
      return sound(job, arm);
    };
    return measureFake(subjects, measure, { budgetMs, nowMs: () => nowMs });
  }

  it('lets no pair begin after it', async () => {
    // The pilots of four and three pairs take fourteen seconds.
    const { runs, asked } = await within(13_500);
    expect(asked).toHaveLength(14);
    expect(runs.reduce((sum, { pairs }) => sum + pairs.length, 0)).toBe(3);
    expect(runs.some(run => run.next !== 'stop')).toBe(true);
    expect(subjectReports(runs, 1).filter(({ status }) => status === 'unmeasured')).toHaveLength(1);
  });

  it('lets no pilot begin after it either, and what has none is unmeasured', async () => {
    const { runs, asked } = await within(1500);
    // Both pilots of the first; those of the second would begin after it.
    expect(asked.map(({ job, arm }) => `${job.bench} ${arm}`)).toEqual(['one head', 'one base']);
    expect(subjectReports(runs, 1).map(({ status, why }) => [status, why])).toEqual(
      names.map(() => ['unmeasured', 'the time was up before its first pair']),
    );
  });

  it('is no reason to leave anything out where there is enough', async () => {
    const { runs, asked } = await within(1e9);
    expect(asked).toHaveLength(4 * 2 + 4 * 16);
    expect(runs.every(run => run.next === 'stop')).toBe(true);
  });
});

describe('an interruption', () => {
  it.each([1, 2, 3, 9, 10, 13])(
    'at process %d ends all with its reason, and nothing is begun any more',
    async at => {
      const controller = new AbortController();
      const reason = new Error('Interrupted');
      const sound = noisy({});
      let processes = 0;
      // A process that is killed rejects with an error of its own.
      const measure = async (job: Job, arm: Arm): Promise<Sample> => {
        if (++processes < at) return sound(job, arm);
        controller.abort(reason);
        throw new Error('Measured process ended without an answer');
      };
      const running = measureFake(subjects, measure, { signal: controller.signal });
      await expect(running).rejects.toBe(reason);
      expect(processes).toBe(at);
    },
  );

  it.each([2, 8, 10])('after process %d ends all as well', async at => {
    const controller = new AbortController();
    const sound = noisy({});
    let processes = 0;
    const measure = async (job: Job, arm: Arm): Promise<Sample> => {
      if (++processes === at) controller.abort(new Error('Interrupted'));
      return sound(job, arm);
    };
    await expect(measureFake(subjects, measure, { signal: controller.signal })).rejects.toThrow(
      'Interrupted',
    );
    expect(processes).toBe(at);
  });
});
