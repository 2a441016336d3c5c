import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { devNull, tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive, ownIdentity, parseIdentity, type ProcessIdentity } from '../run/process-identity.ts';
import { type CommandEnd, runCommand } from './run-command.ts';

/** Folders of builds are called so, followed by letters that nobody else has. */
const prefix = 'quorate-build-';
const treeName = 'tree';
const ownerName = 'owner.json';

/** Who made the folder, and for which repository. */
interface Owner extends ProcessIdentity {
  /** The folder that git itself keeps, common to all worktrees of a repository. */
  readonly gitFolder: string;
}

/** A place for a build that is known to belong to this process. */
export interface BuildPlace {
  readonly folder: string;
  /** Where the build is to be made; it is not there yet. */
  readonly tree: string;
}

/** Runs git in a repository; hooks of the repository are not run, as they are about its owner's own worktrees. */
export async function runGit(
  repository: string,
  args: readonly string[],
  signal?: AbortSignal,
): Promise<CommandEnd> {
  const quiet = ['-c', `core.hooksPath=${devNull}`, '-c', 'advice.detachedHead=false'];
  return runCommand(['git', ...quiet, ...args], { cwd: repository, ...(signal && { signal }) });
}

/** How often a command about worktrees is tried that met another one half way. */
const worktreeTries = 8;

/**
 * Runs `git worktree` with what else it is to do.
 *
 * Git takes no lock over its list of worktrees: where another run begins or ends in the same repository, it can find an entry
 * that is half made, or its own folder gone in which it was about to make one. It says so by the path in that folder.
 */
export async function runGitWorktree(
  repository: string,
  args: readonly string[],
  signal?: AbortSignal,
): Promise<CommandEnd> {
  for (let tries = 1; ; tries++) {
    const end = await runGit(repository, ['worktree', ...args], signal);
    if (end.code === 0 || tries === worktreeTries || !/[/\\]worktrees[/\\]/.test(end.output)) return end;
    await sleep(20 * tries * (1 + Math.random()));
  }
}

/** Makes a folder for one build in the system's temporary folder, with the name of its owner in it. */
export function makePlace(gitFolder: string): BuildPlace {
  // Without links on the way, as modules are known by such paths.
  const folder = mkdtempSync(join(realpathSync(tmpdir()), prefix));
  const owner: Owner = { ...ownIdentity(), gitFolder };
  try {
    writeFileSync(join(folder, ownerName), JSON.stringify(owner));
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  return { folder, tree: join(folder, treeName) };
}

/**
 * Removes what is in the tree, wherever its making or its removal was interrupted, and then the folder.
 *
 * The folder goes last, with its owner's name: what cannot be removed now is found again by the next {@link sweep}.
 */
export async function removePlace(repository: string, { folder, tree }: BuildPlace): Promise<void> {
  rmSync(tree, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  // Twice forced, as git keeps a worktree locked while it makes it. The tree may be none that git knows.
  await runGitWorktree(repository, ['remove', '--force', '--force', tree]);
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}

/**
 * What disposing of a build does: {@link removePlace}, however often it is asked for. What cannot be removed now costs a run
 * nothing: the next one finds it by {@link sweep}.
 */
export function removalOf(repository: string, place: BuildPlace): () => Promise<void> {
  let removed: Promise<void> | undefined;
  return () => (removed ??= removePlace(repository, place).catch(() => undefined));
}

/** Removes what runs for the same repository have left behind whose process is gone. Those of live processes stay. */
export async function sweep(repository: string, gitFolder: string): Promise<void> {
  const listed = await listedFolders(repository);
  // A folder can be gone by itself, with all that was in the temporary folder, and git still lists the worktree.
  const left = new Set(listed.filter(folder => !existsSync(folder)));
  for (const folder of [...listed, ...foldersIn(tmpdir())]) if (isLeft(folder, gitFolder)) left.add(folder);
  for (const folder of left) {
    try {
      await removePlace(repository, { folder, tree: join(folder, treeName) });
    } catch {
      // Something still writes there: the next run finds it again.
    }
  }
}

function isLeft(folder: string, gitFolder: string): boolean {
  const owner = readOwner(folder);
  return owner !== undefined && owner.gitFolder === gitFolder && !isAlive(owner);
}

/** Folders of base builds among the repository's worktrees, wherever the temporary folder was at the time. */
async function listedFolders(repository: string): Promise<string[]> {
  const { stdout } = await runGitWorktree(repository, ['list', '--porcelain']);
  const trees = stdout.split('\n').filter(line => line.startsWith('worktree '));
  return trees
    .map(line => line.slice('worktree '.length))
    .filter(tree => basename(tree) === treeName && basename(dirname(tree)).startsWith(prefix))
    .map(dirname);
}

function foldersIn(parent: string): string[] {
  const real = realpathSync(parent);
  return readdirSync(real)
    .filter(name => name.startsWith(prefix))
    .map(name => join(real, name));
}

function readOwner(folder: string): Owner | undefined {
  try {
    const text = readFileSync(join(folder, ownerName), 'utf8');
    return parseIdentity(text) as Owner | undefined;
  } catch {
    // Being made, being removed, or none of ours.
    return undefined;
  }
}
