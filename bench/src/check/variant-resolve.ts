import { readdirSync, readFileSync, realpathSync } from 'node:fs';
import type { ResolveFnOutput, ResolveHookContext, ResolveHookSync } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { BaseLacksError } from './base-lacks.ts';
import { isMarked, markedUrl, type Variant } from './variant.ts';

type Resolve = (specifier: string, context: ResolveHookContext) => ResolveFnOutput;

/** The folders of a repository whose subfolders are packages. */
const parents = ['packages', 'apps'];

/**
 * Resolves imports so that suites and kernels of the repository `headRoot` run the packages of the variant.
 *
 * - A package of the workspace, imported by name from a suite or a kernel, comes from `variant.root`, by its own `exports`.
 * - Every module of that build is marked with the arm in its URL, in both arms alike, and what it imports of the build is
 *   too. So it is another instance than the one that the harness uses: neither arm runs code that the harness has warmed.
 * - Everything else is resolved as ever: the harness imports this repository's packages, suites import the harness and
 *   packages of others from here, and a build imports packages of others from its own `node_modules`.
 *
 * Threads start at a URL without its query, so the mark is put on there again.
 *
 * @throws BaseLacksError from imports of a package, or an entry of one, that the base does not have
 */
export function variantResolve(variant: Variant, headRoot: string): ResolveHookSync {
  const packages = packagesIn(variant.root);
  const names = new Set([...packages.keys(), ...packagesIn(headRoot).keys()]);
  const isMeasured = measuredTest(headRoot, variant.root);
  const isInBuild = buildTest(variant.root);

  const direct = (specifier: string, name: string, context: ResolveHookContext, next: Resolve) => {
    const manifest = packages.get(name);
    if (manifest === undefined) throw new BaseLacksError(`${variant.label} has no package ${name}`);
    try {
      // Seen from within the package, its name leads to itself and never to an installed one.
      return next(specifier, { ...context, parentURL: manifest });
    } catch (error) {
      const absent = (error as NodeJS.ErrnoException).code === 'ERR_PACKAGE_PATH_NOT_EXPORTED';
      if (!absent || variant.arm === 'head') throw error;
      throw new BaseLacksError(`${variant.label} has no entry ${specifier}`);
    }
  };
  const marked = (resolved: ResolveFnOutput): ResolveFnOutput =>
    isInBuild(resolved.url) ? { ...resolved, url: markedUrl(resolved.url, variant.arm) } : resolved;

  return (specifier, context, next) => {
    const { parentURL } = context;
    if (parentURL !== undefined && !isMeasured(parentURL)) return next(specifier, context);
    const name = packageName(specifier);
    if (name === undefined || !names.has(name)) return marked(next(specifier, context));
    if (context.conditions.includes('require')) {
      throw new TypeError(`Packages of the workspace must be imported: received require("${specifier}")`);
    }
    const resolve = (): string => marked(direct(specifier, name, context, next)).url;
    const entry = variant.lacks?.[specifier];
    if (entry === undefined || parentURL === undefined || isMarked(parentURL)) {
      return marked(direct(specifier, name, context, next));
    }
    return { url: facadeUrl(specifier, variant, resolve), format: 'module', shortCircuit: true };
  };
}

/** The URL of each package's manifest by the package's name. */
function packagesIn(root: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const parent of parents) {
    for (const folder of readFolder(join(root, parent))) {
      const manifest = join(root, parent, folder, 'package.json');
      const name = nameIn(manifest);
      if (name !== undefined) found.set(name, pathToFileURL(realpathSync(manifest)).href);
    }
  }
  return found;
}

function readFolder(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    // A repository need not have both folders.
    return [];
  }
}

function nameIn(manifest: string): string | undefined {
  try {
    return (JSON.parse(readFileSync(manifest, 'utf8')) as { name?: string }).name;
  } catch {
    // A folder that a build has left behind is no package.
    return undefined;
  }
}

/** `@quorate/ring/wasm` → `@quorate/ring`; nothing for paths, URLs and `#imports`. */
function packageName(specifier: string): string | undefined {
  if (/^(?:[./#]|[\w+-]+:)/.test(specifier)) return undefined;
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

function folderUrl(folder: string): string {
  return `${pathToFileURL(realpathSync(folder)).href.replace(/\/$/, '')}/`;
}

/** Tells the modules of a build: those of its packages, but not what is installed there. */
function buildTest(root: string): (url: string) => boolean {
  const folder = folderUrl(root);
  return url =>
    url.startsWith(folder) &&
    parents.includes(url.slice(folder.length).split('/', 1)[0] as string) &&
    !url.includes('/node_modules/', folder.length);
}

/**
 * Tells the modules that import the measured build: that build itself, kernels, and suites, which may lie anywhere. The rest
 * of this repository's bench, its packages as the harness uses them, and installed packages are not among them.
 */
function measuredTest(headRoot: string, root: string): (url: string) => boolean {
  const head = folderUrl(headRoot);
  const build = folderUrl(root);
  return url => {
    if (!url.startsWith('file:') || url.includes('/node_modules/')) return false;
    if (isMarked(url) || url.startsWith(`${head}bench/src/kernels/`)) return true;
    if (url.startsWith(`${head}bench/`)) return !url.startsWith(`${head}bench/src/`);
    return !url.startsWith(head) && !url.startsWith(build);
  };
}

/**
 * A module that has all names of an entry, those that the base lacks as stand-ins; in the head's arm it only passes names
 * on, so that both arms load as many modules. Bindings lead through it to the entry itself: it costs nothing per use.
 */
function facadeUrl(specifier: string, { arm, label, lacks }: Variant, resolve: () => string): string {
  const { both, headOnly } = lacks?.[specifier] ?? { both: [], headOnly: [] };
  const passedOn = arm === 'head' ? [...both, ...headOnly] : both;
  const list = passedOn.map(name => `${JSON.stringify(name)} as ${JSON.stringify(name)}`).join(', ');
  const lines = passedOn.length === 0 ? [] : [`export { ${list} } from ${JSON.stringify(resolve())};`];
  if (arm === 'base') {
    const module = new URL('./base-lacks.ts', import.meta.url).href;
    lines.push(`import { standIn } from ${JSON.stringify(module)};`);
    for (const [index, name] of headOnly.entries()) {
      const what = JSON.stringify(`${label} has no "${name}" in ${specifier}`);
      lines.push(`const absent${index} = standIn(${what});`);
      lines.push(`export { absent${index} as ${JSON.stringify(name)} };`);
    }
  }
  return `data:text/javascript,${encodeURIComponent(lines.join('\n'))}`;
}
