import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { runCommand } from '../src/check/run-command.ts';
import { takeBenchLock } from '../src/run/bench-lock.ts';
import { CheckRepository } from './check-repository.ts';
import { eventually, processesWith } from './processes.ts';

const repository = new CheckRepository();

vi.setConfig({ testTimeout: 120_000 });

afterAll(() => repository[Symbol.dispose]());

describe('pnpm bench:check that is interrupted', () => {
  it.each([
    ['while it checks out the base', 'Checks out before', 'SIGINT', 130],
    ['while it installs', 'Installs what the head depends on', 'SIGTERM', 143],
    ['while it measures, from a terminal', 'pairs\n', 'SIGINT', 130],
  ] as const)('%s leaves nothing behind', async (when, what, signal, expected) => {
    const isGroup = when.endsWith('terminal');
    const args = ['--base', 'before', '--json', '-'];
    const { child, temporary, ended, says } = repository.start(args, { isGroup });
    await says(what);
    const count = (): number => processesWith('TMPDIR', temporary).length;
    if (process.platform === 'linux') await eventually('The start of a process', () => count() > 1);
    const { pid = 0 } = child;
    // A terminal tells all processes of the group at once.
    process.kill(isGroup ? -pid : pid, signal);
    const { code, stdout, stderr, left } = await ended;
    expect([code, stdout]).toEqual([expected, '']);
    expect(stderr).toMatch(/\nInterrupted\n$/);
    expect({ left, worktrees: repository.worktrees() }).toEqual({ left: [], worktrees: [] });
    await eventually('The end of all processes', () => count() === 0);
    using _lock = takeBenchLock(join(temporary, 'quorate-bench-lock'));
  });
});

describe('pnpm bench:check on a terminal', () => {
  it('draws over its progress, and shows its report in colours', async ctx => {
    const script = await runCommand(['script', '--version'], { cwd: repository.root });
    ctx.skip(!script.output.includes('util-linux'), 'needs script of util-linux');
    const main = join(repository.root, 'bench/src/check-main.ts');
    const command = `'${process.execPath}' '${main}' --base before --budget 1s steady`;
    const { ended } = repository.start(['-qec', command, '/dev/null'], { program: ['script'] });
    const { code, stdout, left } = await ended;
    // In a second there are not the pairs that it takes.
    expect(code).toBe(2);
    expect(stdout).toContain('\r\u001b[KInstalls what before depends on\r\u001b[KCopies the head\r\u001b[K');
    expect(stdout).toContain('\r\u001b[K\u001b[1m\u001b[33mINCONCLUSIVE');
    expect(left).toEqual([]);
  });
});
