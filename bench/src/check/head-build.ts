import {
  constants,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readlinkSync,
  realpathSync,
  symlinkSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type BuildPlace, makePlace, removalOf, removePlace, runGit, sweep } from './build-place.ts';
import { BuildError, installBuild } from './install-build.ts';

/** The repository's folder as it was when the build was opened. */
export interface HeadBuild extends AsyncDisposable {
  /** Where it is: what {@link BaseBuild.root} is to the base. */
  readonly root: string;
  /** A folder for what measured processes read and keep; it goes when the build does. */
  readonly scratch: string;
  /** The folder of its harness, `bench/src`. */
  readonly harness: URL;
  /** Leads from a module of the repository to its copy. Modules that are not copied stay what they are. */
  urlOf(url: string): string;
}

/**
 * Copies the repository's folder as it is, changes that are not committed and new files included, and installs it.
 *
 * A check runs for minutes and reads packages, suites and its own harness in each of its processes: without a copy, who goes
 * on editing would have two versions measured as one. And so both builds lie in the same place, under names of the same
 * length, installed alike.
 *
 * Files that git ignores are not copied. Dispose of the build to remove it.
 *
 * @throws BuildError where git or pnpm fails; the message has the end of what they wrote
 * @throws the signal's reason when it aborts; nothing is left behind then
 */
export async function openHeadBuild(options: {
  /** The folder that has `pnpm-lock.yaml`. */
  readonly repository: string;
  readonly signal: AbortSignal;
  readonly onProgress?: (what: string) => void;
}): Promise<HeadBuild> {
  const { repository, signal, onProgress } = options;
  const gitFolder = await ask(
    repository,
    ['rev-parse', '--path-format=absolute', '--git-common-dir'],
    signal,
  );
  await sweep(repository, gitFolder.trimEnd());
  const place = makePlace(gitFolder.trimEnd());
  try {
    onProgress?.('Copies the head');
    const files = await ask(
      repository,
      ['ls-files', '-z', '--cached', '--others', '--exclude-standard'],
      signal,
    );
    for (const file of new Set(files.split('\0'))) {
      signal.throwIfAborted();
      if (file !== '') copy(repository, place, file);
    }
    const scratch = join(place.folder, 'scratch');
    mkdirSync(scratch);
    onProgress?.('Installs what the head depends on');
    await installBuild(place.tree, 'the head', signal, repository);
    return {
      root: place.tree,
      scratch,
      harness: new URL('bench/src/', folderUrl(place.tree)),
      urlOf: url => copyOf(url, folderUrl(realpathSync(repository)), folderUrl(place.tree)),
      [Symbol.asyncDispose]: removalOf(repository, place),
    };
  } catch (error) {
    // What cannot be removed now is removed by the next run; why the build failed is what matters here.
    await removePlace(repository, place).catch(() => undefined);
    throw error;
  }
}

function folderUrl(folder: string): string {
  return `${pathToFileURL(folder).href.replace(/\/$/, '')}/`;
}

function copyOf(url: string, from: string, to: string): string {
  if (!url.startsWith(from)) return url;
  const copy = `${to}${url.slice(from.length)}`;
  return existsSync(fileURLToPath(copy)) ? copy : url;
}

async function ask(repository: string, args: readonly string[], signal: AbortSignal): Promise<string> {
  const { code, stdout, output } = await runGit(repository, args, signal);
  if (code === 0) return stdout;
  throw new BuildError(`Files of ${repository} must be listed: git failed\n${output}`);
}

function copy(repository: string, { tree }: BuildPlace, file: string): void {
  const from = join(repository, file);
  const to = join(tree, file);
  const status = lstatSync(from, { throwIfNoEntry: false });
  // A file can be deleted and still be in the index; a submodule is in the index and a folder.
  if (status === undefined || status.isDirectory()) return;
  mkdirSync(dirname(to), { recursive: true });
  try {
    if (status.isSymbolicLink()) symlinkSync(readlinkSync(from), to);
    else copyFileSync(from, to, constants.COPYFILE_FICLONE);
  } catch (error) {
    // Editors make and remove files of their own all the time.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw new BuildError(`File ${file} must be copied: ${(error as Error).message}`);
  }
}
