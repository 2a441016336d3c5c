import { type Random, seededRandom } from '@quorate/core';
import { beforeAll, describe, expect, it } from 'vitest';
import { checkProfiles } from '../src/check/check-profile.ts';
import type { Arm } from '../src/check/check-report.ts';
import { type FoundSuite, importSuite } from '../src/discover.ts';
import type { Job, Sample } from '../src/measure/job.ts';
import { runOnce, type RunOnceOptions } from '../src/validate/run-once.ts';
import type { PairLogs, ValidationRun } from '../src/validate/validation-run.ts';
import { soundGuards } from './fake-subjects.ts';
import { sampleOf } from './outcomes.ts';
import { gateRule, normal } from './simulated-decisions.ts';

let suites: FoundSuite[] = [];

beforeAll(async () => {
  suites = await Promise.all(
    ['canary', 'validation'].map(async name =>
      importSuite(new URL(`../suites/${name}.ts`, import.meta.url).href),
    ),
  );
});

const none: PairLogs = { base: [], head: [] };

/** What each head takes more than its base. */
function changesIn({ base, head }: PairLogs): number[] {
  return head.map((log, pair) => log - (base[pair] ?? NaN));
}

/** A process whose time is what its kernel was slowed by, and a little noise. */
function slowed(job: Job, noise: Random, part: Partial<Sample> = {}): Sample {
  const slowdown = job.params['slowdown'] as number;
  const time = 100 * (1 + slowdown / 100) * Math.exp(0.002 * normal(noise));
  return sampleOf({ chunkNs: [time], ...(job.pilot === true ? { guards: soundGuards } : {}), ...part });
}

const honest = (seed: number): RunOnceOptions['measure'] => {
  const noise = seededRandom(seed).fork('noise');
  return async job => slowed(job, noise);
};

async function run(part: Partial<RunOnceOptions> = {}): Promise<ValidationRun> {
  return runOnce({
    kind: 'same',
    condition: 'quiet',
    seed: 5,
    method: 'abcdef012345',
    suites,
    profile: checkProfiles.gate,
    rule: gateRule,
    keysFile: '/keys',
    measure: honest(1),
    signal: new AbortController().signal,
    ...part,
  });
}

describe('runOnce', () => {
  it('is green on identical builds, with all pairs in the line that it makes', async () => {
    const line = await run();
    expect(line).toMatchObject({
      schema: 'quorate-bench-validation/2',
      condition: 'quiet',
      kind: 'same',
      seed: 5,
      method: 'abcdef012345',
      node: process.version,
      exitCode: 0,
      canariesPassed: true,
      others: [],
    });
    expect(line.canaries).toHaveLength(2);
    expect(line.comparisons).toHaveLength(suites[1]?.suite.benches.length ?? 0);
    for (const { truth, verdict, screen, confirm } of line.comparisons) {
      expect({ truth, verdict, confirm }).toEqual({ truth: 0, verdict: 'unchanged', confirm: none });
      for (const logs of [screen.base, screen.head]) {
        expect(logs).toHaveLength(8);
        expect(logs.every(Number.isInteger)).toBe(true);
        // Seven times what a process errs by.
        expect(Math.max(...logs.map(Math.abs))).toBeLessThan(2 * 140);
      }
      // All are beside the first base.
      expect(screen.base[0]).toBe(0);
    }
    expect(line.family).toBe(line.comparisons.length);
    // Two pilots and eight pairs of each, and the confirmation of the slowed canary.
    expect(line.processes).toBe((line.comparisons.length + 2) * 18 + 32);
  });

  it('catches what is slower in a changed run, and knows the truth of each', async () => {
    const line = await run({ kind: 'changed' });
    expect(line.exitCode).toBe(1);
    const verdicts: Record<number, string> = {
      0: 'unchanged',
      5: 'regression',
      10: 'regression',
      [-5]: 'improvement',
    };
    for (const { truth, verdict, screen, confirm } of line.comparisons) {
      expect(verdict).toBe(verdicts[truth]);
      // In hundredths of a percent of the logarithm.
      const expected = Math.log(truth >= 0 ? 1 + truth / 100 : 1 / 1.05) * 10_000;
      for (const log of [...changesIn(screen), ...changesIn(confirm)]) {
        expect(Math.abs(log - expected)).toBeLessThan(150);
      }
      expect(screen.base).toHaveLength(8);
      expect(confirm.base).toHaveLength(truth > 0 ? 16 : 0);
      expect(confirm.head).toHaveLength(confirm.base.length);
    }
    const changed = line.comparisons.filter(({ truth }) => truth !== 0);
    expect(changed.length).toBeGreaterThan(1);
    expect(changed.length).toBeLessThan(line.comparisons.length / 2);
  });

  it('draws the same changes from the same seed, and others from another', async () => {
    // What is drawn is drawn before anything is measured.
    const measure = async (): Promise<Sample> => {
      throw new Error('It broke');
    };
    const truths = async (seed: number): Promise<number[]> => {
      const { comparisons } = await run({ kind: 'changed', seed, measure });
      return comparisons.map(({ truth }) => truth);
    };
    expect(await truths(5)).toEqual(await truths(5));
    expect(await truths(6)).not.toEqual(await truths(5));
  });

  it('says of what is not time what it was called, and of a bench that failed that it did', async () => {
    const noise = seededRandom('noise');
    const measure = async (job: Job, arm: Arm): Promise<Sample> => {
      if (job.bench === 'maps, common members') throw new Error('It broke');
      const more = job.bench === 'strings, hashing characters' && arm === 'head' ? 200 : 100;
      return slowed(job, noise, { account: { bytesPerOp: more, ops: 1e6 } });
    };
    const line = await run({ measure });
    expect(line.exitCode).toBe(3);
    // What failed is not compared; the others have a time and bytes each.
    expect(line.family).toBe(2 * (line.comparisons.length - 1));
    expect(line.others).toEqual([
      expect.stringMatching(/^validation\/maps, common members · .*: failed: It broke$/),
      expect.stringMatching(/^validation\/strings, hashing characters · .*, bytes: regression$/),
    ]);
    expect(line.comparisons.filter(({ verdict }) => verdict === 'failed')).toEqual([
      { bench: 'maps, common members', truth: 0, verdict: 'failed', screen: none, confirm: none },
    ]);
  });

  it('says where the canaries did not come out as they are', async () => {
    const noise = seededRandom('noise');
    const blind = async (job: Job): Promise<Sample> => slowed({ ...job, params: { slowdown: 0 } }, noise);
    const line = await run({ measure: blind });
    expect(line).toMatchObject({ exitCode: 2, canariesPassed: false });
    expect(line.canaries[1]).toContain('+5.0 % must be caught');
  });

  it('needs both suites', async () => {
    await expect(run({ suites: suites.slice(0, 1) })).rejects.toThrow('Suite "validation" must be there');
    await expect(run({ suites: suites.slice(1) })).rejects.toThrow('Suite "canary" must be there');
  });
});
