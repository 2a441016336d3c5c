import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { keepAwake, withCoresAwake } from '../src/kernels/awake-cores.ts';
import type { Bench, Context, Kernel } from '../src/suite.ts';

const kernel: Kernel = { ops: 1, run: () => 7 };

function madeOf(closed: string[]): Bench {
  return withCoresAwake({
    name: 'waiting',
    params: { window: [4] },
    contenders: { one: () => ({ ...kernel, close: () => void closed.push('kernel') }) },
    skip: contender => (contender === 'never' ? 'it says so itself' : undefined),
  });
}

function childrenOf(pid: number): number[] {
  const list = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' });
  const rows = list
    .trim()
    .split('\n')
    .map(row => row.trim().split(/\s+/).map(Number));
  return rows.filter(([, parent]) => parent === pid).map(([child]) => child as number);
}

/** Whether it runs: what is dead and waits for its parent to notice does not. */
function lives(pid: number): boolean {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' });
  return stdout.trim() !== '' && !stdout.startsWith('Z');
}

const made = madeOf([]);
const reasonToSkip = (cores: string, contender = 'one'): string | undefined =>
  made.skip?.(contender, { cores });
/** Why this machine cannot keep its cores awake, if so. */
const absent = reasonToSkip('awake');

describe('a bench with cores awake', () => {
  it('keeps its parameters and its own reasons to skip', () => {
    expect(made.params).toEqual({ window: [4], cores: [absent === undefined ? 'awake' : 'free'] });
    expect(reasonToSkip('free', 'never')).toBe('it says so itself');
    expect(reasonToSkip('free')).toBeUndefined();
    if (absent !== undefined) expect(absent).toContain('chrt');
  });

  it('runs with the values of cores that it names itself', () => {
    const both = { cores: ['awake', 'free'] };
    expect(withCoresAwake({ name: 'both', params: both, contenders: { one: () => kernel } }).params).toEqual(
      both,
    );
  });

  it('leaves the cores alone where it is told to', async () => {
    const before = childrenOf(process.pid).length;
    const closed: string[] = [];
    const opened = (await madeOf(closed).contenders['one']?.(contextOf('free'))) as Kernel;
    expect(childrenOf(process.pid)).toHaveLength(before);
    await opened.close?.();
    expect(closed).toEqual(['kernel']);
  });

  it('ends what keeps them awake together with the kernel', async ctx => {
    ctx.skip(absent !== undefined, absent);
    const before = childrenOf(process.pid).length;
    const closed: string[] = [];
    const opened = (await madeOf(closed).contenders['one']?.(contextOf('awake'))) as Kernel;
    expect(childrenOf(process.pid)).toHaveLength(before + availableParallelism());
    expect(await opened.run(0)).toBe(7);
    await opened.close?.();
    expect(closed).toEqual(['kernel']);
    expect(childrenOf(process.pid)).toHaveLength(before);
  });
});

describe('what keeps cores awake', () => {
  it('gives way to everything else', async ctx => {
    ctx.skip(absent !== undefined, absent);
    const spinners = keepAwake();
    await vi.waitFor(() => {
      for (const pid of spinners.pids) {
        const policy = execFileSync('ps', ['-o', 'cls=,args=', '-p', String(pid)], { encoding: 'utf8' });
        expect(policy).toMatch(/^IDL sh -c/);
      }
    }, 10_000);
    await spinners.end();
    expect(spinners.pids.filter(lives)).toEqual([]);
  });

  it('does not outlive a process that is killed', async ctx => {
    ctx.skip(absent !== undefined, absent);
    const url = new URL('../src/kernels/awake-cores.ts', import.meta.url).href;
    const script = `const { keepAwake } = await import('${url}');
      console.log(JSON.stringify(keepAwake().pids)); setInterval(() => {}, 1000);`;
    const owner = spawn(process.execPath, ['--input-type=module', '--eval', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => void owner.kill('SIGKILL'));
    const [said] = (await once(owner.stdout, 'data')) as [Buffer];
    const pids = JSON.parse(said.toString()) as number[];
    expect(pids.filter(lives)).toEqual(pids);
    owner.kill('SIGKILL');
    await vi.waitFor(() => expect(pids.filter(lives)).toEqual([]), 10_000);
  });
});

function contextOf(cores: string): Context {
  return { params: { cores } } as Partial<Context> as Context;
}
