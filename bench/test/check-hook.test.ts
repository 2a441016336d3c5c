import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import type { CheckReport } from '../src/check/check-report.ts';
import { CheckRepository, type Ended } from './check-repository.ts';
import { validCheckReport } from './valid-check-report.ts';

const repository = new CheckRepository();
const json = repository.path('report.json');
const seen = repository.path('environment');
const { linked, remote } = repository.linkedWorktree();

vi.setConfig({ testTimeout: 120_000 });

afterAll(() => repository[Symbol.dispose]());

/** The recipe of CONTRIBUTING.md, but for what is compared and how long. */
function writeHook(name: string, args: string): void {
  const text = readFileSync(new URL('../../CONTRIBUTING.md', import.meta.url), 'utf8');
  const [, recipe = ''] =
    /^```sh\n(#!\/bin\/sh\n[^]*?bench:check --base origin\/main [^]*?)^```$/m.exec(text) ?? [];
  const [line = ''] = /bench:check --base origin\/main .*(?= < \/dev\/null$)/m.exec(recipe) ?? [];
  if (line === '') throw new Error('CONTRIBUTING.md must have a hook that checks against origin/main');
  const pnpm = process.env['npm_execpath'] ?? '';
  const own = recipe
    .replace(line, `bench:check ${args}`)
    // The same pnpm, without asking the registry about it.
    .replace('npx --yes pnpm@12', pnpm.endsWith('pnpm') ? pnpm : 'npx --yes --offline pnpm@12')
    .replace('\n', `\nenv > '${seen}'\n`);
  repository.writeProgram(`.git/hooks/${name}`, own);
}

/** Git in the linked worktree, with an environment in which its hooks find what they need. */
async function git(...args: string[]): Promise<Ended> {
  const environment = {
    // The scripts of this repository find their Node among its modules.
    PATH: `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`,
    // What the small repository installs is what this one has installed.
    pnpm_config_prefer_offline: 'true',
    pnpm_config_trust_lockfile: 'true',
    GIT_AUTHOR_NAME: 'Test',
    GIT_AUTHOR_EMAIL: 'test@example.test',
    GIT_COMMITTER_NAME: 'Test',
    GIT_COMMITTER_EMAIL: 'test@example.test',
  };
  return repository.start(args, { root: linked, program: ['git'], environment }).ended;
}

const report = (): CheckReport => validCheckReport(readFileSync(json, 'utf8'));
const commitOf = (ref: string): string => repository.git('rev-parse', ref);

describe('pnpm bench:check in a hook of git, in a linked worktree', () => {
  it('compares the worktree that is pushed from, and lets the push go or not', async () => {
    // In a second there are not the pairs that it takes.
    writeHook('pre-push', `--base origin/main --budget 1s --json '${json}' steady`);
    const pushed = await git('push', 'origin', 'HEAD:refs/heads/pushed');
    expect(pushed.stderr + pushed.stdout).toContain('INCONCLUSIVE');
    expect(pushed.code).toBe(0);
    expect(readFileSync(seen, 'utf8')).toContain(`\nGIT_DIR=${join(repository.root, '.git/worktrees/')}`);
    expect(report().base).toEqual({ ref: 'origin/main', commit: commitOf('before') });
    expect(report().head).toEqual({ commit: commitOf('HEAD'), dirty: false });
    expect(repository.git('--git-dir', remote, 'rev-parse', 'pushed')).toBe(commitOf('HEAD'));

    writeHook('pre-push', '--base no-such-commit');
    const refused = await git('push', 'origin', 'HEAD:refs/heads/refused');
    expect(refused.stderr).toContain('Base must be a commit: received "no-such-commit"');
    expect(refused.code).toBe(1);
    expect(repository.worktrees()).toEqual([`worktree ${linked}`]);
  });

  it('leaves alone the index that git makes a commit from', async () => {
    writeHook('pre-commit', `--base HEAD --budget 1s --json '${json}' steady`);
    repository.write('../linked/NEWS.md', 'New.\n');
    repository.write('../linked/OTHER.md', 'Other.\n');
    await git('add', '--intent-to-add', '.');
    const committed = await git('commit', '--message=news', 'NEWS.md');
    expect(committed.code, committed.stderr).toBe(0);
    expect(readFileSync(seen, 'utf8')).toMatch(/^GIT_INDEX_FILE=/m);
    expect(report().head).toEqual({ commit: commitOf('main'), dirty: true });
    expect((await git('log', '--format=%s', '--name-only', 'main..HEAD')).stdout).toBe('news\n\nNEWS.md\n');
    expect((await git('status', '--porcelain')).stdout).toBe(' A OTHER.md\n');
    expect(repository.worktrees()).toEqual([`worktree ${linked}`]);
  });
});
