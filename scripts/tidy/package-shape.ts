import { posix } from 'node:path';
import { SCOPE } from './layers.ts';
import { type ExportMap, type ExportTarget, type PackageManifest, keyLine } from './manifest.ts';
import type { Repository, WorkspaceFolder } from './repository.ts';
import type { Rule } from './rule.ts';

const FILES = ['dist', '!dist/.tsbuildinfo', 'src', '!**/*.test.*'];
const ENGINE = '>=22.12';
const LICENSE = 'Apache-2.0';
const REPOSITORY = 'git+https://github.com/quorate/quorate.git';

/** What is published is what was tested: `publishConfig.exports` follows `exports`, file by file. */
export const packageShape: Rule = {
  name: 'package-shape',
  summary:
    'package.json of published packages: exports in step with publishConfig, files, engines, licence, repository',
  *check(repository) {
    for (const owner of repository.workspace) {
      const file = `${owner.folder}/package.json`;
      const text = repository.text(file);
      const faults = owner.published ? publishedFaults(repository, owner) : privateFaults(owner);
      for (const [key, message] of faults) yield { file, line: keyLine(text, key), message };
    }
  },
};

type Fault = readonly [key: string, message: string];

function* privateFaults({ manifest }: WorkspaceFolder): Iterable<Fault> {
  if (manifest.private !== true) yield ['name', 'a folder outside packages/ and apps/ is private'];
  if (manifest.type !== 'module') yield ['type', 'type is "module"'];
  if (manifest.version !== '0.0.0') yield ['version', 'a private package stays at version 0.0.0'];
}

function* publishedFaults(repository: Repository, owner: WorkspaceFolder): Iterable<Fault> {
  const { manifest, folder, name } = owner;
  const expected: Partial<Record<keyof PackageManifest, unknown>> = {
    name: `${SCOPE}${name}`,
    license: LICENSE,
    type: 'module',
    sideEffects: false,
    engines: { node: ENGINE },
    repository: { type: 'git', url: REPOSITORY, directory: folder },
  };
  for (const [key, value] of Object.entries(expected)) {
    const actual = manifest[key as keyof PackageManifest];
    if (JSON.stringify(actual) !== JSON.stringify(value)) {
      yield [key, `"${key}" must be ${JSON.stringify(value)}: found ${JSON.stringify(actual)}`];
    }
  }
  if ((manifest.description ?? '').trim() === '') yield ['description', 'the description is missing'];
  for (const key of ['main', 'module', 'types', 'typings', 'browser']) {
    if (Object.hasOwn(manifest, key)) yield [key, `"${key}" is not used: exports says it all`];
  }
  for (const entry of FILES) {
    if (manifest.files?.includes(entry) !== true) yield ['files', `"files" lacks ${JSON.stringify(entry)}`];
  }
  const { access, provenance } = manifest.publishConfig ?? {};
  if (access !== 'public' || provenance !== true) {
    yield ['publishConfig', 'publishConfig has access "public" and provenance true'];
  }
  yield* scriptFaults(owner);
  yield* exportFaults(repository, owner);
  for (const needed of ['README.md', 'tsconfig.json']) {
    if (!repository.has(`${folder}/${needed}`)) yield ['name', `${folder}/${needed} is missing`];
  }
}

function* scriptFaults({ manifest, name }: WorkspaceFolder): Iterable<Fault> {
  const expected = { build: 'tsc -b', test: `vitest run --root ../.. --project ${name}` };
  for (const [script, command] of Object.entries(expected)) {
    if (manifest.scripts?.[script] !== command) yield ['scripts', `script "${script}" must be "${command}"`];
  }
}

function* exportFaults(repository: Repository, { manifest, folder }: WorkspaceFolder): Iterable<Fault> {
  const { exports: sources = {}, publishConfig } = manifest;
  if (sources['.'] === undefined) yield ['exports', 'exports has "."'];
  if (sources['./package.json'] !== './package.json') yield ['exports', 'exports has "./package.json"'];
  yield* stepFaults('exports', sources, publishConfig?.exports ?? {});
  yield* stepFaults('imports', manifest.imports ?? {}, publishConfig?.imports ?? {});
  for (const target of [...leaves(sources), ...leaves(manifest.imports ?? {})]) {
    if (!repository.has(posix.join(folder, target))) yield ['exports', `"${target}" does not exist`];
  }
}

function* stepFaults(field: string, sources: ExportMap, published: ExportMap): Iterable<Fault> {
  for (const key of new Set([...Object.keys(sources), ...Object.keys(published)])) {
    if (inStep(sources[key], published[key])) continue;
    const expected = JSON.stringify(builtTarget(sources[key]));
    yield [
      'publishConfig',
      `publishConfig.${field} of "${key}" is out of step with ${field}: expected ${expected}`,
    ];
  }
}

/** `./src/x.ts` is published as its types and its code; under a condition of `imports` the code alone will do. */
function builtTarget(target: ExportTarget | undefined): ExportTarget | undefined {
  const stem = typeof target === 'string' ? /^\.\/src\/(.+)\.ts$/.exec(target)?.[1] : undefined;
  if (stem !== undefined) return { types: `./dist/${stem}.d.ts`, default: `./dist/${stem}.js` };
  if (typeof target !== 'object' || target === null) return target;
  return Object.fromEntries(Object.entries(target).map(([key, value]) => [key, builtTarget(value) ?? null]));
}

function inStep(source: ExportTarget | undefined, published: ExportTarget | undefined): boolean {
  const built = builtTarget(source);
  if (JSON.stringify(built) === JSON.stringify(published)) return true;
  if (typeof source === 'string' && typeof built === 'object') return built?.['default'] === published;
  if (typeof source !== 'object' || source === null) return false;
  if (typeof published !== 'object' || published === null) return false;
  const keys = Object.keys(source);
  return (
    keys.join() === Object.keys(published).join() && keys.every(key => inStep(source[key], published[key]))
  );
}

function leaves(map: ExportMap): readonly string[] {
  return Object.values(map).flatMap(target => {
    if (typeof target === 'string') return target.startsWith('./') && !target.includes('*') ? [target] : [];
    return target === null ? [] : leaves(target);
  });
}
