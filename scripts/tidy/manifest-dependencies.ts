import { allowedImports, allowedInTests, packageName, workspaceName } from './layers.ts';
import { keyLine } from './manifest.ts';
import type { Repository, WorkspaceFolder } from './repository.ts';
import type { Rule } from './rule.ts';

/** What a package.json may depend on, in step with what the sources import. */
export const manifestDependencies: Rule = {
  name: 'manifest-dependencies',
  summary: 'packages depend on the workspace alone, by workspace:^, and on nothing they do not import',
  *check(repository) {
    for (const owner of repository.workspace) {
      const file = `${owner.folder}/package.json`;
      const text = repository.text(file);
      for (const [name, message] of [...rangeFaults(owner), ...packageFaults(repository, owner)]) {
        yield { file, line: keyLine(text, name), message };
      }
    }
  },
};

type Fault = readonly [dependency: string, message: string];

function* rangeFaults({ manifest }: WorkspaceFolder): Iterable<Fault> {
  const all = { ...manifest.dependencies, ...manifest.devDependencies, ...manifest.peerDependencies };
  for (const [name, range] of Object.entries(all)) {
    if (workspaceName(name) === undefined || range === 'workspace:^') continue;
    yield [name, `${name} is part of the workspace: its range is "workspace:^", not "${range}"`];
  }
}

function* packageFaults(repository: Repository, owner: WorkspaceFolder): Iterable<Fault> {
  if (!owner.folder.startsWith('packages/')) return;
  const allowed = allowedImports(owner.folder, owner.name) ?? [];
  const { dependencies = {}, optionalDependencies = {}, devDependencies = {} } = owner.manifest;
  const runtime = Object.keys({ ...dependencies, ...optionalDependencies });
  const imported = new Set(
    repository
      .code(`${owner.folder}/src`)
      .flatMap(file => repository.source(file).imports.map(found => packageName(found.specifier))),
  );
  for (const name of runtime) {
    const sibling = workspaceName(name);
    if (sibling === undefined) {
      if (owner.published)
        yield [name, `${name} is outside the workspace: a published package has no such runtime dependency`];
    } else if (allowed !== 'anything' && !allowed.includes(sibling)) {
      yield [name, `${owner.name} may not depend on ${name}`];
    } else if (owner.published && !imported.has(name)) {
      yield [name, `${name} is a dependency that no source imports`];
    }
  }
  for (const name of Object.keys(devDependencies)) {
    const sibling = workspaceName(name);
    if (sibling === undefined || allowed === 'anything') continue;
    if (!allowed.includes(sibling) && !allowedInTests(owner.name).includes(sibling)) {
      yield [name, `${owner.name} may not depend on ${name}, tests included`];
    }
  }
}
