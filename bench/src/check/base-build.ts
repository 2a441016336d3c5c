import { join } from 'node:path';
import {
  type BuildPlace,
  makePlace,
  removalOf,
  removePlace,
  runGit,
  runGitWorktree,
  sweep,
} from './build-place.ts';
import { BuildError, installBuild } from './install-build.ts';

export { BuildError } from './install-build.ts';

/** The base is not a commit of this repository. */
export class BaseRefError extends Error {
  override readonly name = 'BaseRefError';
}

export interface BaseOptions {
  /** The repository, or any of its worktrees: the folder that has `pnpm-lock.yaml`. */
  readonly repository: string;
  /** Whatever git takes for a commit: a branch, a tag, `HEAD~1`, a hash. */
  readonly ref: string;
  /** Ends the opening of the build; once it is open, it is ended by disposing of it. */
  readonly signal: AbortSignal;
  /** Hears what is being done, as the beginning of a sentence. */
  readonly onProgress?: (what: string) => void;
}

/** Another commit of the repository, checked out and installed in a folder of its own. */
export interface BaseBuild extends AsyncDisposable {
  readonly ref: string;
  /** The full hash. */
  readonly commit: string;
  /** Where it is: what the repository's folder is to the head. */
  readonly root: string;
}

/**
 * Checks a commit out in a new git worktree and installs what it depends on.
 *
 * The worktree that this process runs in is not touched, whatever state it is in. Dispose of the build to remove it; a build
 * whose process was killed is removed by the next one that is opened in the same repository.
 *
 * @throws BaseRefError where `ref` is not a commit
 * @throws BuildError where git or pnpm fails; the message has the end of what they wrote
 * @throws the signal's reason when it aborts; nothing is left behind then
 */
export async function openBaseBuild(options: BaseOptions): Promise<BaseBuild> {
  const { repository, ref, signal, onProgress } = options;
  const { commit, gitFolder, within } = await locate(repository, ref, signal);
  await sweep(repository, gitFolder);
  const place = makePlace(gitFolder);
  try {
    onProgress?.(`Checks out ${ref} (${commit.slice(0, 10)})`);
    await checkOut(repository, commit, place, signal);
    const root = join(place.tree, within);
    onProgress?.(`Installs what ${ref} depends on`);
    await installBuild(root, ref, signal, repository);
    return { ref, commit, root, [Symbol.asyncDispose]: removalOf(repository, place) };
  } catch (error) {
    // What cannot be removed now is removed by the next run; why the build failed is what matters here.
    await removePlace(repository, place).catch(() => undefined);
    throw error;
  }
}

/** Where the commit is: its hash, git's own folder, and the path of `repository` within its worktree (mostly none). */
async function locate(
  repository: string,
  ref: string,
  signal: AbortSignal,
): Promise<{ commit: string; gitFolder: string; within: string }> {
  const about = ['rev-parse', '--path-format=absolute', '--git-common-dir', '--is-shallow-repository'];
  const found = await runGit(repository, [...about, '--show-prefix'], signal);
  if (found.code !== 0) {
    throw new BaseRefError(`Base must come from a git repository: ${repository} is none\n${found.output}`);
  }
  const [gitFolder = '', shallow, within = ''] = found.stdout.split('\n');
  const parsed = await runGit(
    repository,
    ['rev-parse', '--verify', '--quiet', '--end-of-options', `${ref}^{commit}`],
    signal,
  );
  if (parsed.code === 0) return { commit: parsed.stdout.trim(), gitFolder, within };
  const hint =
    shallow === 'true'
      ? ' in this shallow clone, which lacks most of its history: "git fetch --unshallow" brings it'
      : '';
  throw new BaseRefError(`Base must be a commit: received "${ref}", which git does not know${hint}`);
}

async function checkOut(
  repository: string,
  commit: string,
  place: BuildPlace,
  signal: AbortSignal,
): Promise<void> {
  const args = ['add', '--quiet', '--detach', place.tree, commit];
  const { code, output } = await runGitWorktree(repository, args, signal);
  if (code !== 0) throw new BuildError(`Commit ${commit} must be checked out: git failed\n${output}`);
}
