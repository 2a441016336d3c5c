import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { docsFolder } from '../builder/places.ts';

/** Whether this user may make a network namespace, in which nothing can be reached. */
export const canUnplug: boolean = spawnSync('unshare', ['-n', 'true']).status === 0;

/** A command line for a program of this Node, unplugged from the network where that can be done. */
export function unplugged(args: readonly string[]): [command: string, args: string[]] {
  return canUnplug ? ['unshare', ['-n', process.execPath, ...args]] : [process.execPath, [...args]];
}

/** Builds the site as `pnpm build` does, unplugged, and apart from the one that people look at. @returns Its folder. */
export async function buildTestSite(): Promise<string> {
  const dist = join(docsFolder, '.quorate/site');
  const [command, args] = unplugged(['build.ts', '--out', dist]);
  const environment = { ...process.env };
  // VitePress is to build for production, whatever the test runner says it is.
  delete environment['NODE_ENV'];
  const child = spawn(command, args, {
    cwd: docsFolder,
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', data => output.push(String(data)));
  const code = await new Promise(resolve => child.on('close', resolve));
  if (code !== 0) throw new Error(`The site does not build:\n${output.join('')}`);
  return dist;
}
