import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { commandEnvironment } from '../src/run/command-environment.ts';
import { commonFiles, headEdits, installed, sampleFiles } from './sample-files.ts';

const own = realpathSync(fileURLToPath(new URL('../..', import.meta.url)));
/** The folder of the lock, and that in which pnpm keeps what it has compiled. */
const kept = ['quorate-bench-lock', 'node-compile-cache'];

/** How a command ended, and what it left in its temporary folder. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly left: readonly string[];
}

export interface StartOptions {
  /** Where it runs: the repository, unless another is given. */
  readonly root?: string;
  /** Another program than the check, with its first arguments. */
  readonly program?: readonly [program: string, ...args: string[]];
  /** The temporary folder that it is told to use; one of its own unless given. */
  readonly temporary?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** Whether it leads a process group of its own, so that it can be interrupted as a terminal does it. */
  readonly isGroup?: boolean;
}

/** A command under way. */
export interface Started {
  readonly child: ChildProcess;
  readonly temporary: string;
  readonly ended: Promise<Ended>;
  /** Settles when standard error has this text. @throws Error where the command ends without it */
  readonly says: (text: string) => Promise<void>;
}

/**
 * A small repository with this one's harness, core, one package to measure and one suite, two commits of them: `before`, and
 * what is checked out. The command that is tested runs there as it does here, and finds its repository by its own place.
 */
export class CheckRepository implements Disposable {
  readonly root: string;
  readonly #folder: string;
  readonly #children: ChildProcess[] = [];
  #temporaryFolders = 0;

  constructor() {
    this.#folder = realpathSync(mkdtempSync(join(tmpdir(), 'quorate-check-test-')));
    this.root = join(this.#folder, 'a repository');
    for (const folder of ['bench/src', 'bench/schema', 'packages/core/src']) {
      cpSync(join(own, folder), join(this.root, folder), { recursive: true });
    }
    for (const file of ['pnpm-workspace.yaml', 'packages/core/package.json', '.gitignore']) {
      cpSync(join(own, file), join(this.root, file));
    }
    this.writeAll(commonFiles(readFileSync(join(own, 'pnpm-lock.yaml'), 'utf8')));
    this.writeAll(sampleFiles('before'));
    linkModules(this.root);
    this.git('init', '--quiet', '--initial-branch=main');
    this.commit('before');
    this.git('tag', 'before');
    this.writeAll(sampleFiles('after'));
    this.commit('after');
  }

  /** A path in the folder that holds the repository, beside it. */
  path(name: string): string {
    return join(this.#folder, name);
  }

  writeAll(files: Readonly<Record<string, string>>): void {
    for (const [path, text] of Object.entries(files)) this.write(path, text);
  }

  write(path: string, text: string): void {
    const file = join(this.root, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }

  /** Makes what is checked out differ from what is committed: a changed file, and a package and a suite that are new. */
  editHead(): void {
    this.writeAll(headEdits(readFileSync(join(own, 'pnpm-lock.yaml'), 'utf8')));
    const modules = join(this.root, 'bench/node_modules/@quorate');
    symlinkSync(join(this.root, 'packages/young'), join(modules, 'young'));
  }

  /** @throws Error where git fails */
  git(...args: string[]): string {
    const identity = ['-c', 'user.name=Test', '-c', 'user.email=test@example.test'];
    const { status, stdout, stderr } = spawnSync('git', [...identity, ...args], {
      cwd: this.root,
      encoding: 'utf8',
      env: commandEnvironment(),
    });
    if (status !== 0) throw new Error(`git ${args.join(' ')} must succeed: ${stderr}`);
    return stdout.trim();
  }

  commit(message: string): void {
    this.git('add', '--all');
    this.git('commit', '--quiet', `--message=${message}`);
  }

  /** The real command, in a process of its own. */
  start(args: readonly string[], options: StartOptions = {}): Started {
    const { root = this.root, environment, temporary = this.temporaryFolder() } = options;
    const [program, ...first] = options.program ?? [process.execPath, join(root, 'bench/src/check-main.ts')];
    const child = spawn(program, [...first, ...args], {
      cwd: root,
      env: { ...commandEnvironment(), TMPDIR: temporary, NO_COLOR: '', ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: options.isGroup === true,
    });
    this.#children.push(child);
    const output = { stdout: '', stderr: '' };
    child.stdout.on('data', (data: Buffer) => (output.stdout += data.toString()));
    child.stderr.on('data', (data: Buffer) => (output.stderr += data.toString()));
    const ended = once(child, 'close').then(([code]) => ({
      ...output,
      code: code as number | null,
      left: existsSync(temporary) ? readdirSync(temporary).filter(name => !kept.includes(name)) : [],
    }));
    return { child, temporary, ended, says: async text => says(child, output, text) };
  }

  async run(...args: string[]): Promise<Ended> {
    return this.start(args).ended;
  }

  temporaryFolder(): string {
    const folder = join(this.#folder, `temporary ${this.#temporaryFolders++}`);
    mkdirSync(folder);
    return folder;
  }

  /** A clone that has nothing but the newest commit. */
  shallowClone(): string {
    const clone = join(this.#folder, 'shallow');
    this.git('clone', '--quiet', '--depth=1', pathToFileURL(this.root).href, clone);
    linkModules(clone);
    return clone;
  }

  /** A worktree of the newest commit without anything installed, and a remote repository whose `main` is the older one. */
  linkedWorktree(): { linked: string; remote: string } {
    const [linked, remote] = [join(this.#folder, 'linked'), join(this.#folder, 'remote.git')];
    this.git('init', '--quiet', '--bare', remote);
    this.git('remote', 'add', 'origin', remote);
    this.git('push', '--quiet', 'origin', 'before^{commit}:refs/heads/main');
    this.git('fetch', '--quiet', 'origin');
    this.git('worktree', 'add', '--quiet', '--detach', linked, 'HEAD');
    return { linked, remote };
  }

  writeProgram(path: string, text: string): void {
    this.write(path, text);
    chmodSync(join(this.root, path), 0o755);
  }

  /** The worktrees that git knows besides the one that is checked out. */
  worktrees(): string[] {
    const lines = this.git('worktree', 'list', '--porcelain').split('\n');
    return lines.filter(line => line.startsWith('worktree ')).slice(1);
  }

  [Symbol.dispose](): void {
    // Where a test fails that a command ends, the command must end all the same; what it measures with ends with it.
    for (const child of this.#children) child.kill('SIGKILL');
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** What a checked out harness runs with: this repository's installed packages. Builds install their own. */
function linkModules(root: string): void {
  const modules = join(root, 'bench/node_modules');
  mkdirSync(join(modules, '@quorate'), { recursive: true });
  for (const name of installed) {
    symlinkSync(realpathSync(join(own, 'bench/node_modules', name)), join(modules, name));
  }
  for (const name of ['core', 'sample'])
    symlinkSync(join(root, 'packages', name), join(modules, '@quorate', name));
}

async function says(child: ChildProcess, output: { readonly stderr: string }, text: string): Promise<void> {
  while (!output.stderr.includes(text)) {
    const [end] = (await Promise.race([
      once(child.stderr as NonNullable<typeof child.stderr>, 'data'),
      once(child, 'close'),
    ])) as [unknown];
    if (typeof end === 'number' || end === null) {
      throw new Error(`Command must say "${text}" before it ends: it said ${output.stderr}`);
    }
  }
}
