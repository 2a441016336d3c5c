import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { commitOf } from '../src/report/commit.ts';
import { commandEnvironment } from '../src/run/command-environment.ts';

const folder = mkdtempSync(join(tmpdir(), 'quorate-commit-test-'));

afterEach(() => void vi.unstubAllEnvs());
afterAll(() => rmSync(folder, { recursive: true }));

function git(cwd: string, ...args: string[]): string {
  const identity = ['-c', 'user.name=Test', '-c', 'user.email=test@example.test'];
  const { status, stdout, stderr } = spawnSync('git', [...identity, ...args], {
    cwd,
    encoding: 'utf8',
    env: commandEnvironment(),
  });
  if (status !== 0) throw new Error(`git ${args.join(' ')} must succeed: ${stderr}`);
  return stdout.trim();
}

function repository(name: string): { root: string; commit: string } {
  const root = join(folder, name);
  mkdirSync(root);
  git(root, 'init', '--quiet');
  writeFileSync(join(root, 'file'), name);
  git(root, 'add', '.');
  git(root, 'commit', '--quiet', '--message=first');
  return { root, commit: git(root, 'rev-parse', 'HEAD') };
}

describe('commitOf', () => {
  const { root, commit } = repository('one');
  const other = repository('other');

  it('tells the commit and whether there is more than it', () => {
    expect(commitOf(root)).toEqual({ commit, dirty: false });
    writeFileSync(join(root, 'new'), '');
    expect(commitOf(root)).toEqual({ commit, dirty: true });
    rmSync(join(root, 'new'));
    const none = join(folder, 'none');
    mkdirSync(none);
    expect(commitOf(none)).toEqual({ commit: null, dirty: null });
  });

  it('goes by the folder, whichever repository the hook that it runs in is of', () => {
    vi.stubEnv('GIT_DIR', join(other.root, '.git'));
    vi.stubEnv('GIT_WORK_TREE', other.root);
    vi.stubEnv('GIT_INDEX_FILE', join(folder, 'no index'));
    expect(commitOf(root)).toEqual({ commit, dirty: false });
  });
});
