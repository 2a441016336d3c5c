import { posix } from 'node:path';
import { allowedImports, allowedInTests, packageName, workspaceName } from './layers.ts';
import type { Repository, WorkspaceFolder } from './repository.ts';
import type { Finding, Rule } from './rule.ts';
import type { ModuleImport } from './source.ts';

/** Files that belong to a package's tests rather than to what it is. */
export function isTestFile(file: string, folder: string): boolean {
  return /\.test\.[a-z]+$/.test(file) || !file.startsWith(`${folder}/src/`);
}

/** A package's own modules by how they may be named from outside: the targets of its `exports`. */
function entryPoints(owner: WorkspaceFolder): ReadonlySet<string> {
  const targets = Object.values(owner.manifest.exports ?? {}).filter(target => typeof target === 'string');
  return new Set(targets.map(target => posix.join(owner.folder, target)));
}

/** Who may import whom, over sources and tests, type imports and worker URLs included. */
export const imports: Rule = {
  name: 'imports',
  summary: 'who may import whom, over sources, tests, type imports and module URLs',
  *check(repository) {
    for (const owner of repository.workspace) {
      const entries = entryPoints(owner);
      for (const file of repository.code(owner.folder)) {
        for (const found of repository.source(file).imports) {
          const message = relative(found.specifier)
            ? relativeFault(repository, owner, entries, file, found)
            : bareFault(owner, file, found);
          if (message !== undefined) yield { file, line: found.line, message };
        }
      }
    }
    yield* unknownFolders(repository);
  },
};

function relative(specifier: string): boolean {
  return specifier.startsWith('.');
}

function relativeFault(
  repository: Repository,
  owner: WorkspaceFolder,
  entries: ReadonlySet<string>,
  file: string,
  { specifier, kind }: ModuleImport,
): string | undefined {
  const target = posix.join(posix.dirname(file), specifier.replace(/[?#].*$/, ''));
  // A URL may lead a tool or an app to the repository's root; only what is published has to stand alone.
  const mayLeave = kind === 'url' && !owner.published;
  if (!`${target}/`.startsWith(`${owner.folder}/`) && !mayLeave) {
    return `"${specifier}" leaves ${owner.folder}: name the package instead`;
  }
  if (isTestFile(file, owner.folder) || !owner.published) return undefined;
  const itsManifest = target === `${owner.folder}/package.json`;
  if (isTestFile(target, owner.folder) && repository.has(target) && !itsManifest) {
    return `a source imports the test file "${specifier}"`;
  }
  const host = `${owner.folder}/src/host/`;
  if (target.startsWith(host) && !file.startsWith(host) && !entries.has(file)) {
    return `"${specifier}" does I/O: only src/host and the package's entry points may import it`;
  }
  return undefined;
}

function bareFault(owner: WorkspaceFolder, file: string, found: ModuleImport): string | undefined {
  const { specifier } = found;
  const inTest = isTestFile(file, owner.folder);
  if (specifier.startsWith('#') || /^(?:node|virtual|data):/.test(specifier)) return undefined;
  const sibling = workspaceName(specifier);
  if (sibling !== undefined) return siblingFault(owner, sibling, inTest);
  if (!owner.folder.startsWith('packages/')) return undefined;
  const name = packageName(specifier);
  if (inTest || Object.hasOwn(owner.manifest.peerDependencies ?? {}, name)) return undefined;
  if (found.kind === 'url') return undefined;
  return `"${specifier}" is outside the workspace: a published package has no such runtime dependency (a built-in module is named with node:)`;
}

function siblingFault(owner: WorkspaceFolder, sibling: string, inTest: boolean): string | undefined {
  if (sibling === owner.name) return inTest ? undefined : 'a source names its own package: import the file';
  const allowed = allowedImports(owner.folder, owner.name);
  if (allowed === undefined) return undefined;
  const kit = inTest ? allowedInTests(owner.name) : [];
  if (allowed !== 'anything' && ![...allowed, ...kit].includes(sibling)) {
    const whom = [...allowed, ...kit].join(', ') || 'nothing';
    return `${owner.name} may not import @quorate/${sibling}${inTest ? ' even in tests' : ''} (it may import ${whom})`;
  }
  const { dependencies = {}, peerDependencies = {}, devDependencies = {} } = owner.manifest;
  const declared = { ...dependencies, ...peerDependencies, ...(inTest ? devDependencies : {}) };
  return Object.hasOwn(declared, `@quorate/${sibling}`)
    ? undefined
    : `@quorate/${sibling} is imported but not in package.json's ${inTest ? 'devDependencies' : 'dependencies'}`;
}

/** A package that the table does not know has no rule, so it would import freely. */
function* unknownFolders(repository: Repository): Iterable<Finding> {
  for (const owner of repository.workspace) {
    if (allowedImports(owner.folder, owner.name) !== undefined) continue;
    const message = `the table in scripts/tidy/layers.ts does not say what ${owner.name} may import`;
    yield { file: `${owner.folder}/package.json`, line: 1, message };
  }
}
