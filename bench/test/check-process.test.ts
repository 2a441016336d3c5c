import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { runCommand } from '../src/check/run-command.ts';
import { takeBenchLock } from '../src/run/bench-lock.ts';
import { CheckRepository } from './check-repository.ts';
import { eventually, processesWith } from './processes.ts';
import { validCheckReport } from './valid-check-report.ts';

const repository = new CheckRepository();

vi.setConfig({ testTimeout: 120_000 });

afterAll(() => repository[Symbol.dispose]());

describe('pnpm bench:check that is interrupted', () => {
  it.each([
    ['while it checks out the base', 'Checks out before', 'SIGINT', 130],
    ['while it installs', 'Installs what the head depends on', 'SIGTERM', 143],
    ['while it measures, from a terminal', 'pairs\n', 'SIGINT', 130],
  ] as const)('%s leaves nothing behind', async (when, what, signal, expected) => {
    const { child, temporary, ended, says } = repository.start(['--base', 'before', '--json', '-']);
    await says(what);
    const count = (): number => processesWith('TMPDIR', temporary).length;
    await eventually('The start of a process', () => count() > 1);
    const { pid = 0 } = child;
    // A terminal tells all processes of the group at once.
    process.kill(when.endsWith('terminal') ? -pid : pid, signal);
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

describe('pnpm bench:check in a hook of git', () => {
  /** The recipe of CONTRIBUTING.md, but for what is compared and how long. */
  function writeHook(...args: string[]): void {
    const text = readFileSync(new URL('../../CONTRIBUTING.md', import.meta.url), 'utf8');
    const [, recipe = ''] =
      /^```sh\n(#!\/bin\/sh\n[^]*?bench:check --base origin\/main [^]*?)^```$/m.exec(text) ?? [];
    const [line = ''] = /bench:check --base origin\/main .*(?= < \/dev\/null$)/m.exec(recipe) ?? [];
    if (line === '') throw new Error('CONTRIBUTING.md must have a hook that checks against origin/main');
    const pnpm = process.env['npm_execpath'] ?? '';
    const own = recipe
      .replace(line, `bench:check ${args.join(' ')}`)
      // The same pnpm, without asking the registry about it.
      .replace('npx --yes pnpm@12', pnpm.endsWith('pnpm') ? pnpm : 'npx --yes --offline pnpm@12');
    repository.write('.git/hooks/pre-push', own.replace('\n', '\nenv > "$HOOK_ENVIRONMENT"\n'));
    repository.makeExecutable('.git/hooks/pre-push');
  }

  it('compares the worktree that is pushed from, and lets the push go or not', async () => {
    const { linked, remote } = repository.linkedWorktree();
    const json = repository.path('hook.json');
    const seen = repository.path('hook.environment');
    const environment = {
      HOOK_ENVIRONMENT: seen,
      // The scripts of this repository find their Node among its modules.
      PATH: `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`,
      // What the small repository installs is what this one has installed.
      pnpm_config_prefer_offline: 'true',
      pnpm_config_trust_lockfile: 'true',
    };
    const push = async () =>
      repository.start(['push', 'origin', 'HEAD:refs/heads/pushed'], {
        root: linked,
        program: ['git'],
        environment,
      }).ended;

    writeHook('--base origin/main --budget 1s --json', `'${json}'`, 'steady');
    const pushed = await push();
    expect(pushed.stderr + pushed.stdout).toContain('INCONCLUSIVE');
    expect(pushed.code).toBe(0);
    expect(readFileSync(seen, 'utf8')).toContain(`\nGIT_DIR=${join(repository.root, '.git/worktrees/')}`);
    const report = validCheckReport(readFileSync(json, 'utf8'));
    expect(report.base).toEqual({ ref: 'origin/main', commit: repository.git('rev-parse', 'before') });
    expect(report.head).toEqual({ commit: repository.git('rev-parse', 'HEAD'), dirty: false });
    const pushedCommit = (): string => repository.git('--git-dir', remote, 'rev-parse', 'pushed');
    expect(pushedCommit()).toBe(repository.git('rev-parse', 'HEAD'));

    writeHook('--base no-such-commit');
    const refused = await push();
    expect(refused.stderr).toContain('Base must be a commit: received "no-such-commit"');
    expect(refused.code).toBe(1);
    expect(repository.worktrees()).toEqual([`worktree ${linked}`]);
  });
});
