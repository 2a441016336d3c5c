import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { BuildError, BaseRefError, openBaseBuild } from '../src/check/base-build.ts';
import { runGit } from '../src/check/build-place.ts';
import { openHeadBuild } from '../src/check/head-build.ts';
import { commandEnvironment } from '../src/run/command-environment.ts';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'quorate-build-build-test-')));
const repository = join(folder, 'a repository');
const temporary = join(folder, 'temporary');
const children: ChildProcess[] = [];
const signal = new AbortController().signal;

const files = {
  'package.json': '{ "name": "tiny", "private": true, "packageManager": "pnpm@11.0.0" }',
  'pnpm-workspace.yaml': 'packages:\n  - packages/*\n  - bench\n',
  'packages/x/package.json':
    '{ "name": "@quorate/x", "type": "module", "exports": { ".": "./src/index.ts" } }',
  'packages/x/src/index.ts': "export const age: string = 'old';\n",
  'bench/package.json': '{ "name": "@quorate/bench", "dependencies": { "@quorate/x": "workspace:^" } }',
  'pnpm-lock.yaml': `lockfileVersion: '9.0'

settings:
  autoInstallPeers: true
  excludeLinksFromLockfile: false

importers:

  .: {}

  bench:
    dependencies:
      '@quorate/x':
        specifier: workspace:^
        version: link:../packages/x

  packages/x: {}
`,
};

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

function write(path: string, text: string): void {
  const file = join(repository, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

/** The worktrees that git knows and what lies in the temporary folder: what an opened build adds to. */
function traces(): { worktrees: string[]; folders: string[] } {
  const list = git(repository, 'worktree', 'list', '--porcelain').split('\n');
  return {
    worktrees: list.filter(line => line.startsWith('worktree ')),
    folders: readdirSync(temporary).filter(name => name.startsWith('quorate-')),
  };
}

/** A process that opens a build, says where it is, and keeps it until it is killed. */
async function holder(): Promise<{ child: ChildProcess; root: string }> {
  const module = new URL('../src/check/base-build.ts', import.meta.url).href;
  const script = `
    import { openBaseBuild } from ${JSON.stringify(module)};
    const { signal } = new AbortController();
    const build = await openBaseBuild({ repository: ${JSON.stringify(repository)}, ref: 'old', signal });
    process.stdout.write(build.root);
    setInterval(() => {}, 1e6);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const [text] = (await once(child.stdout as NonNullable<typeof child.stdout>, 'data')) as [Buffer];
  return { child, root: text.toString() };
}

beforeAll(() => {
  mkdirSync(temporary);
  vi.stubEnv('TMPDIR', temporary);
  mkdirSync(repository);
  git(repository, 'init', '--quiet', '--initial-branch=main');
  for (const [path, text] of Object.entries(files)) write(path, text);
  git(repository, 'add', '.');
  git(repository, 'commit', '--quiet', '--message=old');
  git(repository, 'tag', 'old');
  write('packages/x/src/index.ts', "export const age: string = 'new';\n");
  write('bench/package.json', '{ "name": "@quorate/bench", "dependencies": { "nothing": "1.0.0" } }');
  git(repository, 'commit', '--quiet', '--all', '--message=new');
  write('packages/x/src/index.ts', "export const age: string = 'dirty';\n");
  write('.git/hooks/post-checkout', '#!/bin/sh\ntouch "$(dirname "$0")/ran"\n');
  spawnSync('chmod', ['+x', join(repository, '.git/hooks/post-checkout')]);
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

describe('openBaseBuild', () => {
  it('checks the commit out, installs it, leaves a dirty tree alone, and removes all of it once', async () => {
    const before = traces();
    const status = git(repository, 'status', '--porcelain');
    const heard: string[] = [];
    const build = await openBaseBuild({
      repository,
      ref: 'old',
      signal,
      onProgress: what => heard.push(what),
    });
    expect(build).toMatchObject({ ref: 'old', commit: git(repository, 'rev-parse', 'old') });
    expect(realpathSync(build.root)).toBe(build.root);
    const installed = join(build.root, 'bench/node_modules/@quorate/x');
    expect(realpathSync(installed)).toBe(join(build.root, 'packages/x'));
    const { age } = (await import(pathToFileURL(join(installed, 'src/index.ts')).href)) as { age: string };
    expect(age).toBe('old');
    expect(heard).toEqual([`Checks out old (${build.commit.slice(0, 10)})`, 'Installs what old depends on']);
    expect(traces().folders).toHaveLength(1);

    await Promise.all([build[Symbol.asyncDispose](), build[Symbol.asyncDispose]()]);
    await build[Symbol.asyncDispose]();
    expect(traces()).toEqual(before);
    expect(git(repository, 'status', '--porcelain')).toBe(status);
  });

  it("works from a linked worktree and within a git hook's and a script's environment, and runs no hook", async () => {
    const linked = join(folder, 'linked');
    git(repository, 'worktree', 'add', '--quiet', '--detach', linked, 'old');
    rmSync(join(repository, '.git/hooks/ran'));
    vi.stubEnv('GIT_DIR', join(folder, 'elsewhere'));
    vi.stubEnv('GIT_INDEX_FILE', join(folder, 'no index'));
    vi.stubEnv('NODE_OPTIONS', '--no-such-flag');
    vi.stubEnv('npm_config_local_prefix', folder);
    try {
      await using build = await openBaseBuild({ repository: linked, ref: 'HEAD', signal });
      expect(existsSync(join(build.root, 'bench/node_modules/@quorate/x/src/index.ts'))).toBe(true);
    } finally {
      for (const name of ['GIT_DIR', 'GIT_INDEX_FILE', 'NODE_OPTIONS', 'npm_config_local_prefix']) {
        vi.stubEnv(name, undefined);
      }
    }
    expect(existsSync(join(repository, '.git/hooks/ran'))).toBe(false);
    git(repository, 'worktree', 'remove', '--force', linked);
  });

  it.each(['nowhere', 'main..old', 'old:package.json', '--all', ''])(
    'refuses "%s", which is no commit',
    async ref => {
      const before = traces();
      const opening = openBaseBuild({ repository, ref, signal });
      await expect(opening).rejects.toThrow(BaseRefError);
      await expect(opening).rejects.toThrow(`received "${ref}", which git does not know`);
      expect(traces()).toEqual(before);
    },
  );

  it('waits for another run that git has half made an entry of', async () => {
    const half = join(repository, '.git/worktrees/half');
    mkdirSync(half, { recursive: true });
    const other = {
      gitdir: join(folder, 'other/.git'),
      HEAD: git(repository, 'rev-parse', 'HEAD'),
      commondir: '',
    };
    for (const [name, text] of Object.entries(other)) writeFileSync(join(half, name), text);
    const tried = runGit(repository, ['worktree', 'list']);
    expect((await tried).output).toContain('half/commondir');
    const completed = sleep(100).then(() => writeFileSync(join(half, 'commondir'), '../..\n'));
    await using build = await openBaseBuild({ repository, ref: 'old', signal });
    await completed;
    expect(existsSync(join(build.root, 'packages/x/src/index.ts'))).toBe(true);
    rmSync(half, { recursive: true });
  });

  it('tells what brings the commit into a shallow clone', async () => {
    const shallow = join(folder, 'shallow');
    git(folder, 'clone', '--quiet', '--depth=1', pathToFileURL(repository).href, shallow);
    const opening = openBaseBuild({ repository: shallow, ref: 'HEAD~1', signal });
    await expect(opening).rejects.toThrow(BaseRefError);
    await expect(opening).rejects.toThrow('git fetch --unshallow');
  });

  it('refuses a folder that is no repository', async () => {
    await expect(openBaseBuild({ repository: folder, ref: 'old', signal })).rejects.toThrow(
      `${folder} is none`,
    );
  });

  it('says what pnpm said where the lock file does not fit, and leaves nothing', async () => {
    const before = traces();
    const opening = openBaseBuild({ repository, ref: 'main', signal });
    await expect(opening).rejects.toThrow(BuildError);
    await expect(opening).rejects.toThrow('ERR_PNPM_OUTDATED_LOCKFILE');
    expect(traces()).toEqual(before);
  });

  it.each(['Checks out', 'Installs'])('leaves nothing when it is interrupted while it %s', async step => {
    const before = traces();
    const controller = new AbortController();
    const opening = openBaseBuild({
      repository,
      ref: 'old',
      signal: controller.signal,
      onProgress: what => {
        if (what.startsWith(step)) queueMicrotask(() => controller.abort());
      },
    });
    await expect(opening).rejects.toThrow(controller.signal.reason);
    expect(traces()).toEqual(before);
  });

  it('removes what a killed run has left, but not what a live one uses', async () => {
    const before = traces();
    const [killed, live] = await Promise.all([holder(), holder()]);
    expect(traces().folders).toHaveLength(2);
    killed.child.kill('SIGKILL');
    await once(killed.child, 'exit');
    await (await openBaseBuild({ repository, ref: 'old', signal }))[Symbol.asyncDispose]();
    expect(existsSync(killed.root)).toBe(false);
    expect(readFileSync(join(live.root, 'packages/x/src/index.ts'), 'utf8')).toContain('old');
    expect(traces().worktrees).toEqual([...before.worktrees, `worktree ${live.root}`]);

    live.child.kill('SIGKILL');
    await once(live.child, 'exit');
    // The folder is gone with the temporary folder of that day, and git still lists the worktree.
    rmSync(dirname(live.root), { recursive: true });
    await (await openBaseBuild({ repository, ref: 'old', signal }))[Symbol.asyncDispose]();
    expect(traces()).toEqual(before);
  });
});

describe('openHeadBuild', () => {
  it('copies what is there, committed or not, and nothing that is ignored or deleted', async () => {
    const before = traces();
    const lastly = readFileSync(join(repository, 'bench/package.json'), 'utf8');
    write('bench/package.json', files['bench/package.json']);
    write('.gitignore', 'node_modules\ndist\n');
    write('packages/x/src/new.ts', 'export {};\n');
    write('packages/x/dist/index.js', 'export {};\n');
    write('packages/x/src/deleted.ts', 'export {};\n');
    symlinkSync('new.ts', join(repository, 'packages/x/src/link.ts'));
    git(repository, 'add', 'packages/x/src/deleted.ts');
    rmSync(join(repository, 'packages/x/src/deleted.ts'));
    const status = git(repository, 'status', '--porcelain');
    {
      await using build = await openHeadBuild({ repository, signal });
      const source = join(build.root, 'packages/x/src');
      expect(readFileSync(join(source, 'index.ts'), 'utf8')).toContain('dirty');
      expect(readdirSync(source).sort()).toEqual(['index.ts', 'link.ts', 'new.ts']);
      expect(readlinkSync(join(source, 'link.ts'))).toBe('new.ts');
      expect(readdirSync(join(build.root, 'packages/x')).sort()).toEqual(['package.json', 'src']);
      expect(realpathSync(join(build.root, 'bench/node_modules/@quorate/x'))).toBe(
        join(build.root, 'packages/x'),
      );
      expect(traces()).toEqual({ ...before, folders: [expect.any(String)] });
    }
    expect(traces()).toEqual(before);
    expect(git(repository, 'status', '--porcelain')).toBe(status);
    write('bench/package.json', lastly);
  });

  it('leaves nothing where it cannot be installed', async () => {
    const before = traces();
    await expect(openHeadBuild({ repository, signal })).rejects.toThrow(
      'Dependencies of the head must install',
    );
    expect(traces()).toEqual(before);
  });
});
