import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CommandEnd, type CommandOptions, runCommand } from './run-command.ts';

/** A build beside the repository's own folder could not be made. */
export class BuildError extends Error {
  override readonly name = 'BuildError';
}

/**
 * Installs what a build depends on, as its lock file says to the letter, and from pnpm's store what is there.
 *
 * What only development needs is left out, since the build is imported and nothing else. No scripts are run: of what suites
 * and packages import nothing has any.
 *
 * @param name what messages call the build
 * @param repository the folder whose store is used: on another file system pnpm would begin a new one
 * @throws BuildError where pnpm fails, with the end of what it wrote
 * @throws the signal's reason when it aborts
 */
export async function installBuild(
  root: string,
  name: string,
  signal: AbortSignal,
  repository: string = root,
): Promise<void> {
  // The lock file was checked against the policies for new versions when it was committed; its hashes are checked anyway.
  const flags = ['--frozen-lockfile', '--prefer-offline', '--trust-lockfile', '--prod', '--ignore-scripts'];
  const { code, output } = await runPnpm(['install', ...flags], {
    cwd: root,
    signal,
    environment: {
      CI: 'true',
      // Whatever exact version the build asks for, it is not fetched.
      pnpm_config_pm_on_fail: 'ignore',
      ...storeOf(repository),
    },
  });
  if (code === 0) return;
  throw new BuildError(`Dependencies of ${name} must install: pnpm ended with ${code}\n${output}`);
}

/** The store that a folder was installed from; nothing where it was not installed. */
function storeOf(repository: string): Record<string, string> {
  try {
    const text = readFileSync(join(repository, 'node_modules', '.modules.yaml'), 'utf8');
    const [, folder] = /^\s*"?storeDir"?:\s*"?([^"\n]+?)"?,?\s*$/m.exec(text) ?? [];
    return folder === undefined ? {} : { pnpm_config_store_dir: folder };
  } catch {
    return {};
  }
}

/**
 * Runs the pnpm that started this program, else the one that `npx` brings, a second or two later.
 *
 * `npx` asks the registry each time, also for what it has, so it is first told not to: a registry that does not answer would
 * hold up a check that needs nothing from it.
 */
async function runPnpm(args: readonly string[], options: CommandOptions): Promise<CommandEnd> {
  const starter = process.env['npm_execpath'] ?? '';
  if (/[/\\]pnpm(?:\.[cm]?js|\.exe)?$/.test(starter)) {
    return runCommand(
      starter.endsWith('js') ? [process.execPath, starter, ...args] : [starter, ...args],
      options,
    );
  }
  const cached = await runCommand(['npx', '--yes', '--offline', 'pnpm@12', ...args], options);
  return cached.output.includes('ENOTCACHED')
    ? runCommand(['npx', '--yes', 'pnpm@12', ...args], options)
    : cached;
}
