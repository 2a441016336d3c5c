import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Job } from '../src/measure/job.ts';
import { profiles } from '../src/run/profile.ts';
import { sampleInProcess } from '../src/run/sample-process.ts';
import { eventually, isRunning } from './processes.ts';

const folder = mkdtempSync(join(tmpdir(), 'quorate-bench-process-'));
const mark = join(folder, 'mark');
const budget = {
  ...profiles.quick.budget,
  warmupMs: 5,
  measureMs: 5,
  chunkMs: 1,
  groupWindowMs: 5,
  latencyCalls: 20,
};

beforeAll(() => {
  writeFileSync(join(folder, 'keys'), 'a\nb\n');
  process.env['QUORATE_BENCH_TEST_MARK'] = mark;
});
afterAll(() => {
  delete process.env['QUORATE_BENCH_TEST_MARK'];
  rmSync(folder, { recursive: true });
});

function jobOf(url: string, bench: string, part: Partial<Job> = {}): Job {
  const keysFile = join(folder, 'keys');
  return {
    url,
    bench,
    contender: 'only',
    params: {},
    threads: 1,
    inGroup: false,
    sharing: false,
    blocking: false,
    seed: 1,
    keysFile,
    budget,
    ...part,
  };
}

const fixture = (name: string): string => new URL(`fixtures/suites/${name}.ts`, import.meta.url).href;
const broken = (bench: string, part: Partial<Job> = {}): Job => jobOf(fixture('broken'), bench, part);

const options = {
  signal: new AbortController().signal,
  deadlineMs: 20_000,
  cacheFolder: join(folder, 'cache'),
};

describe('sampleInProcess', () => {
  it('measures chunks, and does the same work when it is told how much', async () => {
    const job = jobOf(fixture('tiny'), 'powers', { contender: 'second', params: { count: 20_000 } });
    const first = await sampleInProcess(job, options);
    expect(first.chunkNs.length).toBe(first.chunksPerWindow * budget.windows);
    expect(Math.min(...first.chunkNs)).toBeGreaterThan(0);
    expect(first.latency?.calls).toBe(20);
    const { warmupCycles, cyclesPerChunk, chunksPerWindow, checksum } = first;
    const again = await sampleInProcess({ ...job, warmupCycles, cyclesPerChunk, chunksPerWindow }, options);
    expect(again).toMatchObject({ warmupCycles, cyclesPerChunk, chunksPerWindow, checksum });
  });

  it('measures threads in step, and takes no window whose threads did not overlap', async () => {
    const url = new URL('../suites/selftest.ts', import.meta.url).href;
    const job = jobOf(url, 'group', {
      contender: 'once',
      params: { terms: 2000 },
      threads: 2,
      inGroup: true,
    });
    const { groupWindows, chunkNs } = await sampleInProcess(job, options);
    expect(chunkNs).toEqual([]);
    expect(groupWindows.length).toBeGreaterThanOrEqual(1);
    const busyNeeded = availableParallelism() < 2 ? 0 : 0.85;
    for (const { overlap, busy, accepted, nsPerOp } of groupWindows) {
      expect(accepted).toBe(overlap >= 0.9 && busy >= busyNeeded);
      expect(nsPerOp).toBeGreaterThan(0);
    }
    const accepted = groupWindows.filter(window => window.accepted).length;
    const rejected = groupWindows.length - accepted;
    expect(accepted === budget.groupWindows || rejected === budget.groupRejectsMax + 1).toBe(true);
  });

  it('measures the suite that the README shows, which has at most 15 lines', async () => {
    const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
    const example = /```js\n(.*?)```/s.exec(readme)?.[1] ?? '';
    expect(example.trimEnd().split('\n').length).toBeLessThanOrEqual(15);
    const file = join(folder, 'encode.ts');
    const source = new URL('../src/', import.meta.url).href;
    writeFileSync(file, example.replaceAll("'../src/", `'${source}`));
    const job = jobOf(pathToFileURL(file).href, 'utf8', { contender: 'buffer' });
    await expect(sampleInProcess(job, options)).resolves.toMatchObject({ groupWindows: [] });
  });

  it('reports a quantity as it is', async () => {
    const job = jobOf(fixture('tiny'), 'memory', { contender: 'fixed', params: { count: 1000 } });
    await expect(sampleInProcess(job, options)).resolves.toMatchObject({ quantity: 8000 });
  });

  it.each([
    ['returns nothing', 'Bench must return an integer checksum: received undefined'],
    ['drifts', 'Bench must do the same work in each cycle'],
    ['measures other work', 'Bench must do the same work in each cycle'],
    ['does no work', 'its work was optimised away'],
    ['throws', 'Setup must fail: it did'],
    ['ends the process', 'ended without an answer'],
  ])('fails a bench that %s', async (bench, message) => {
    await expect(sampleInProcess(broken(bench), options)).rejects.toThrow(message);
  });

  it('fails a bench that measures other work than it warmed, in a thread group too', async () => {
    const job = { ...broken('measures other work in a group'), inGroup: true };
    await expect(sampleInProcess(job, options)).rejects.toThrow('same work in each cycle');
  });

  it('ends a process that does not end', async () => {
    await expect(sampleInProcess(broken('never ends'), { ...options, deadlineMs: 1500 })).rejects.toThrow(
      'within 1500 ms',
    );
    const pid = Number(readFileSync(mark, 'utf8'));
    await eventually('The end of the process', () => !isRunning(pid));
  });

  it('leaves no process when it is interrupted', async () => {
    rmSync(mark, { force: true });
    const controller = new AbortController();
    const outcome = sampleInProcess(broken('never ends'), {
      ...options,
      deadlineMs: 600_000,
      signal: controller.signal,
    }).then(
      () => 'measured',
      (error: Error) => error.name,
    );
    await eventually('The start of the kernel', () => existsSync(mark) && readFileSync(mark, 'utf8') !== '');
    const pid = Number(readFileSync(mark, 'utf8'));
    controller.abort();
    await expect(outcome).resolves.toBe('AbortError');
    await eventually('The end of the process', () => !isRunning(pid));
  });
});
