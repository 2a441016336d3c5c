import { realpathSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(import.meta.dirname, '../../..');

/** Whether this Node can keep a process to network and reading alone. */
export const permissionModel: boolean = process.allowedNodeEnvironmentFlags.has('--allow-net');

/**
 * The flags under which nodes run.
 *
 * A node needs the network, its own source files, and a folder for its journal, nothing else: it cannot write elsewhere, start
 * a process, load an addon, or read anything outside the repository, the installed packages and that folder. Where Node does not have the permission model
 * for the network yet, nodes run without it, and the report says so.
 */
export function nodeFlags(folder?: string): string[] {
  const flags = ['--disable-proto=delete', '--disable-warning=ExperimentalWarning'];
  if (!permissionModel) return flags;
  const own = folder === undefined ? [] : [folder];
  const readable = new Set([root, ...installedOutside(), ...own]);
  const reads = [...readable].map(path => `--allow-fs-read=${path}`);
  return [...flags, '--permission', '--allow-net', ...reads, ...own.map(path => `--allow-fs-write=${path}`)];
}

/** Where packages really are, when the package manager keeps them outside the repository. */
function installedOutside(): string[] {
  const roots = ['hono', '@hono/node-server'].map(name => {
    const path = realpathSync(fileURLToPath(import.meta.resolve(name)));
    return path.slice(0, path.lastIndexOf('node_modules') + 'node_modules'.length);
  });
  return roots.filter(path => relative(root, path).startsWith('..')).map(path => dirname(path));
}
