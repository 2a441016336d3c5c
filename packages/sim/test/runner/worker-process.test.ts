import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, test, vi } from 'vitest';
import { ScenarioError } from '../../src/host/runner/discover-scenarios.ts';
import { WorkerPool } from '../../src/host/runner/worker-pool.ts';
import { WorkerLostError, WorkerProcess } from '../../src/host/runner/worker-process.ts';

// A busy machine takes its time to start a process.
vi.setConfig({ testTimeout: 60_000 });

const unruly = fileURLToPath(new URL('../fixtures/scenarios/unruly.ts', import.meta.url));
const broken = fileURLToPath(new URL('../fixtures/broken/unloadable.ts', import.meta.url));
const order = (seed: number) => ({ options: { seed } });

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('worker process', () => {
  test('runs seeds in the order in which they were asked for', async () => {
    await using worker = new WorkerProcess({ file: unruly, name: 'throwing' }, { seedDeadlineMs: 30_000 });
    const outcomes = await Promise.all([3, 1, 2].map(async seed => worker.run(order(seed))));
    expect(outcomes.map(({ seed, verdict }) => [seed, verdict])).toEqual([
      [3, 'error'],
      [1, 'ok'],
      [2, 'ok'],
    ]);
    const again = await worker.run({ ...order(1), keep: 'trace' });
    expect(again.traceHash).toBe(outcomes[1]?.traceHash);
    expect((await worker.slice(0, 2)).map(({ index }) => index)).toEqual([0, 1]);
  });

  test('one that dies fails the seed that was under way, and tells the others that they were not', async () => {
    await using worker = new WorkerProcess({ file: unruly, name: 'dying' }, { seedDeadlineMs: 30_000 });
    const [died, lost] = await Promise.allSettled([3, 1].map(async seed => worker.run(order(seed))));
    expect(died).toMatchObject({ status: 'fulfilled', value: { seed: 3, verdict: 'died' } });
    expect(lost).toMatchObject({ status: 'rejected', reason: expect.any(WorkerLostError) });
    expect(worker.isOver).toBe(true);
  });

  test('a pool gives what a lost process had not begun to another', async () => {
    await using pool = new WorkerPool({ file: unruly, name: 'dying' }, 1, { seedDeadlineMs: 30_000 });
    const outcomes = await Promise.all([3, 1, 2].map(async seed => pool.run(order(seed))));
    expect(outcomes.map(({ verdict }) => verdict)).toEqual(['died', 'ok', 'ok']);
  });

  test('a scenario that does not load is an error of every run', async () => {
    await using pool = new WorkerPool({ file: broken, name: 'any' }, 1, { seedDeadlineMs: 30_000 });
    await expect(pool.run(order(1))).rejects.toThrow(ScenarioError);
    await expect(pool.run(order(2))).rejects.toThrow('Not today');
  });

  test('goes with its parent, even where a scenario never lets go of it', async () => {
    const module = new URL('../../src/host/runner/worker-process.ts', import.meta.url).href;
    const parent = spawn(
      process.execPath,
      [
        '--input-type=module',
        '--eval',
        `const { WorkerProcess } = await import(${JSON.stringify(module)});
         const worker = new WorkerProcess(${JSON.stringify({ file: unruly, name: 'endless' })}, { seedDeadlineMs: 600_000 });
         await worker.run({ options: { seed: 1 } });
         void worker.run({ options: { seed: 3 } });
         // The request has left once the next turn comes.
         setTimeout(() => console.log(worker.pid), 100);`,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const [text] = (await once(parent.stdout, 'data')) as [Buffer];
    const pid = Number(text.toString());
    try {
      expect(isRunning(pid)).toBe(true);
      parent.kill('SIGKILL');
      await vi.waitFor(() => expect(isRunning(pid)).toBe(false), { timeout: 30_000, interval: 100 });
    } finally {
      if (isRunning(pid)) process.kill(pid, 'SIGKILL');
    }
  });
});
