import { execFileSync } from 'node:child_process';
import { commandEnvironment } from '../run/command-environment.ts';

/** What is checked out in a folder; null where there is no git, or no repository. */
export function commitOf(folder: string): { readonly commit: string | null; readonly dirty: boolean | null } {
  const status = git(folder, ['status', '--porcelain']);
  return { commit: git(folder, ['rev-parse', 'HEAD']), dirty: status === null ? null : status !== '' };
}

function git(folder: string, args: readonly string[]): string | null {
  try {
    return execFileSync('git', args, {
      cwd: folder,
      env: commandEnvironment(),
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return null;
  }
}
