import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkProfiles } from '../src/check/check-profile.ts';
import type { Job, Sample } from '../src/measure/job.ts';
import { sampleInProcess } from '../src/run/sample-process.ts';

/** Measures benches of `fixtures/suites-check` in real processes, with the flags and all else of the gate but its patience. */
export class MeasuredBenches implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'quorate-measured-test-'));
  readonly #url: string;

  constructor(suite: string) {
    this.#url = new URL(`fixtures/suites-check/${suite}.ts`, import.meta.url).href;
    writeFileSync(join(this.#folder, 'keys'), 'a\n');
  }

  /** What a process is told to do. */
  job(bench: string, part: Partial<Job> = {}): Job {
    return {
      url: this.#url,
      bench,
      contender: 'only',
      params: {},
      threads: 1,
      inGroup: false,
      sharing: false,
      blocking: false,
      seed: 1,
      keysFile: join(this.#folder, 'keys'),
      budget: {
        ...checkProfiles.gate.budget,
        warmupMs: 10,
        measureMs: 10,
        openLoopMs: 50,
        groupWindowMs: 10,
      },
      ...part,
    };
  }

  /** What it finds. */
  async sample(bench: string, part: Partial<Job> = {}): Promise<Sample> {
    return this.measure(this.job(bench, part));
  }

  async measure(job: Job): Promise<Sample> {
    return sampleInProcess(job, {
      signal: new AbortController().signal,
      deadlineMs: 30_000,
      cacheFolder: join(this.#folder, 'cache'),
      flags: checkProfiles.gate.flags,
    });
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
