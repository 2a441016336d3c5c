import type { ExportTarget } from '../tidy/manifest.ts';
import type { Tarball } from './tarball.ts';

const REQUIRED = ['package.json', 'README.md', 'LICENSE', 'dist/index.js', 'dist/index.d.ts'];
const ALLOWED = [
  /^(?:package\.json|README\.md|CHANGELOG\.md|LICENSE)$/,
  /^src\/[\w./-]+\.ts$/,
  /^dist\/[\w./-]+\.(?:js|d\.ts)(?:\.map)?$/,
  /^(?:src|dist)\/[\w./-]+\.wasm$/,
];
const TESTS = /\.test\.|(?:^|\/)tests?\//;

/** What is wrong with the list of files in a tarball, with its package.json, and with where its code points. */
export function contentFaults(tarball: Tarball): readonly string[] {
  const { entries, manifest } = tarball;
  const faults = REQUIRED.filter(path => !entries.has(path)).map(path => `${path} is missing`);
  for (const path of entries.keys()) {
    if (TESTS.test(path)) faults.push(`${path} is a test`);
    else if (!ALLOWED.some(pattern => pattern.test(path)))
      faults.push(`${path} does not belong in a package`);
  }
  if (/"workspace:/.test(JSON.stringify(manifest))) {
    faults.push('package.json still has a workspace: range');
  }
  for (const target of targets({ ...manifest.exports, ...manifest.imports })) {
    if (target.endsWith('.ts') && !target.endsWith('.d.ts')) faults.push(`"${target}" points at a source`);
    else if (!target.includes('*') && !entries.has(target.replace(/^\.\//, ''))) {
      faults.push(`"${target}" of exports is not in the package`);
    }
  }
  for (const [path, content] of entries) {
    if (path.startsWith('dist/') && path.endsWith('.js'))
      faults.push(...staleImports(entries, path, content));
  }
  return faults;
}

const RELATIVE = [
  /\b(?:from|import)\s*\(?\s*["'](\.[^"']+)["']/g,
  /\bnew URL\(\s*["'](\.[^"']+)["']\s*,\s*import\.meta\.url/g,
];

/** An import or a worker's URL of a file that is not packed fails only where that module is reached. */
function* staleImports(
  entries: ReadonlyMap<string, Buffer>,
  path: string,
  content: Buffer,
): Iterable<string> {
  const folder = path.slice(0, path.lastIndexOf('/') + 1);
  const text = content.toString('utf8').replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
  for (const [, specifier = ''] of RELATIVE.flatMap(pattern => [...text.matchAll(pattern)])) {
    const target = new URL(specifier, `file:///${folder}`).pathname.slice(1);
    if (!entries.has(target)) yield `${path} names ${specifier}, which is not in the package`;
  }
}

/** All file names that an exports map leads to. */
export function targets(target: ExportTarget | undefined): readonly string[] {
  if (typeof target === 'string') return target.startsWith('.') ? [target] : [];
  return target === null || target === undefined ? [] : Object.values(target).flatMap(targets);
}
