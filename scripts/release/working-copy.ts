import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Repository } from '../tidy/repository.ts';
import { captureOrThrow, pnpm } from '../run-command.ts';

/**
 * Copies the working tree as it stands (new files included, ignored ones not) into `folder`, commits it there as
 * one commit of a repository of its own, and installs its dependencies from pnpm's store.
 */
export async function copyWorkingTree(root: string, folder: string): Promise<void> {
  for (const file of Repository.open(root).files) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    cpSync(join(root, file), join(folder, file));
  }
  const git = (...args: string[]): void => void execFileSync('git', args, { cwd: folder, stdio: 'pipe' });
  git('init', '--quiet', '--initial-branch=main');
  git('config', 'user.name', 'Rehearsal');
  git('config', 'user.email', 'rehearsal@example.invalid');
  git('config', 'commit.gpgsign', 'false');
  git('config', 'tag.gpgsign', 'false');
  git('add', '--all');
  git('commit', '--quiet', '--no-verify', '--message=The working tree');
  await captureOrThrow(pnpm('install', '--frozen-lockfile', '--prefer-offline'), { cwd: folder });
}
