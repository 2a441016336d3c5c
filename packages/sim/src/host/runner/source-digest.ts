import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, extname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** This package's sources, or what they were built to. */
const simulatorFolder = realpathSync(join(dirname(fileURLToPath(import.meta.url)), '..', '..'));

/** What runs seeds and shows results: no part of what a seed decides. */
const besideTheRun = ['host/runner', 'host/cli', 'host/main', 'host/child', 'host/run-seeds', 'viewer'];

const specifiers = /\b(?:from|import)\s*\(?\s*['"]([^'"\n]+)['"]/g;

/**
 * Digests of the code that a run follows from, so that a replay can say that it is by other code: eight hexadecimal digits each.
 *
 * `scenario` covers the module and what it imports, as far as that belongs to the workspace; `simulator` this package and what it
 * imports. Names of folders do not count, nor do line ends.
 */
export function sourceDigests(scenarioFile: string): { scenario: string; simulator: string } {
  return { scenario: digestOf([scenarioFile], true), simulator: simulatorDigest() };
}

let known: string | undefined;

function simulatorDigest(): string {
  known ??= digestOf(
    readdirSync(simulatorFolder, { recursive: true, withFileTypes: true })
      .filter(entry => entry.isFile() && /\.[jt]s$/.test(entry.name) && !/\.(?:d|test)\.ts$/.test(entry.name))
      .map(entry => join(entry.parentPath, entry.name))
      .filter(file => !isBeside(file))
      .sort(),
    false,
  );
  return known;
}

function isBeside(file: string): boolean {
  const name = relative(simulatorFolder, file).split(sep).join('/');
  return besideTheRun.some(part => name.startsWith(part));
}

function digestOf(files: readonly string[], stopsAtSimulator: boolean): string {
  const hash = createHash('sha256');
  const seen = new Set<string>();
  const queue = files.map(file => realpathSync(file));
  for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
    if (seen.has(file)) continue;
    seen.add(file);
    const text = readFileSync(file, 'utf8').replaceAll('\r\n', '\n');
    hash.update(`${text.length}\n${text}`);
    for (const [, specifier = ''] of text.matchAll(specifiers)) {
      const found = resolveModule(specifier, file);
      if (found === undefined || isBeside(found)) continue;
      if (found.includes(`${sep}node_modules${sep}`)) hash.update(versionOf(found));
      else if (!(stopsAtSimulator && found.startsWith(simulatorFolder + sep))) queue.push(found);
    }
  }
  return hash.digest('hex').slice(0, 8);
}

/** The file that an import means; nothing for built-in modules and for what only looks like an import. */
function resolveModule(specifier: string, from: string): string | undefined {
  try {
    const found = specifier.startsWith('.')
      ? join(dirname(from), specifier)
      : createRequire(from).resolve(specifier);
    return existsSync(found) && extname(found) !== '' ? realpathSync(found) : undefined;
  } catch {
    return undefined;
  }
}

/** The version of an installed package says which code it is. */
function versionOf(file: string): string {
  for (let folder = dirname(file); folder !== dirname(folder); folder = dirname(folder)) {
    const manifest = join(folder, 'package.json');
    if (!existsSync(manifest)) continue;
    const { name, version } = JSON.parse(readFileSync(manifest, 'utf8')) as {
      name?: string;
      version?: string;
    };
    if (name !== undefined && version !== undefined) return `${name}@${version}`;
  }
  return '';
}
