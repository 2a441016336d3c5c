import { cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExportMap } from '../tidy/manifest.ts';
import { type CommandResult, ROOT, bin, capture, captureOrThrow } from '../run-command.ts';
import type { Tarball } from './tarball.ts';

/** The Node versions that published packages promise, by the binaries that the devDependencies bring. */
export const NODES: readonly { readonly version: string; readonly binary: string }[] = [
  { version: '22', binary: join(ROOT, 'node_modules/node22/bin/node') },
  { version: '24', binary: join(ROOT, 'node_modules/node24/bin/node') },
  { version: '26', binary: join(ROOT, 'node_modules/node/bin/node') },
];

const IMPORT_ALL = `const found = {};
for (const name of JSON.parse(process.argv[2])) found[name] = Object.keys(await import(name)).toSorted();
process.stdout.write(JSON.stringify(found));
`;

const REQUIRE_ALL = `const found = {};
for (const name of JSON.parse(process.argv[2])) {
  found[name] = Object.keys(require(name)).filter(key => key !== '__esModule').toSorted();
}
process.stdout.write(JSON.stringify(found));
`;

const TSCONFIG = {
  compilerOptions: {
    module: 'NodeNext',
    target: 'ES2022',
    lib: ['ES2022', 'ESNext.Disposable'],
    types: ['node'],
    typeRoots: [join(ROOT, 'node_modules/@types')],
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    noEmit: true,
  },
  files: ['all.mts'],
};

/** A project outside the workspace that has the tarballs installed and nothing else. */
export async function installConsumer(folder: string, tarballs: readonly Tarball[]): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const names = tarballs.flatMap(exportedNames);
  const files = {
    'package.json': JSON.stringify({ name: 'consumer', private: true, version: '0.0.0' }),
    'import-all.mjs': IMPORT_ALL,
    'require-all.cjs': REQUIRE_ALL,
    'tsconfig.json': JSON.stringify(TSCONFIG),
    'all.mts': names.map((name, index) => `export * as m${index} from '${name}';\n`).join(''),
  };
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  const quiet = ['--no-audit', '--no-fund', '--no-package-lock', '--ignore-scripts', '--loglevel=error'];
  const archives = tarballs.map(({ file }) => file);
  await captureOrThrow(['npm', 'install', '--prefer-offline', ...quiet, ...archives], { cwd: folder });
}

/** `@quorate/ring`, `@quorate/ring/wasm`, …: every module that a package lets others import. */
export function exportedNames({ manifest }: Tarball): readonly string[] {
  const exported: ExportMap = manifest.exports ?? {};
  return Object.keys(exported)
    .filter(key => exported[key] !== null && key !== './package.json' && !key.includes('*'))
    .map(key => manifest.name + key.slice(1));
}

/** What the packages want installed beside them. */
export function peersOf(tarballs: readonly Tarball[]): readonly string[] {
  return tarballs.flatMap(({ manifest }) => Object.keys(manifest.peerDependencies ?? {}));
}

/** Imports each module in both ways on one Node; returns what is wrong. */
export async function loadingFaults(
  folder: string,
  binary: string,
  names: readonly string[],
): Promise<readonly string[]> {
  const list = JSON.stringify(names);
  const [imported, required] = await Promise.all([
    capture([binary, 'import-all.mjs', list], { cwd: folder }),
    capture([binary, 'require-all.cjs', list], { cwd: folder }),
  ]);
  const failed = [faultOf('import', imported), faultOf('require', required)].filter(
    fault => fault !== undefined,
  );
  if (failed.length > 0) return failed;
  const byImport = JSON.parse(imported.stdout) as Record<string, readonly string[]>;
  const byRequire = JSON.parse(required.stdout) as Record<string, readonly string[]>;
  return names.flatMap(name => {
    const keys = byImport[name] ?? [];
    if (keys.length === 0) return [`${name} exports nothing`];
    return keys.join() === byRequire[name]?.join()
      ? []
      : [`${name} exports other names by require than by import`];
  });
}

/** Runs a package's own small use of itself (`test/pack-smoke.mjs`), which asserts a real result. */
export async function smokeFaults(
  folder: string,
  binary: string,
  packageFolder: string,
): Promise<readonly string[] | undefined> {
  const source = join(ROOT, packageFolder, 'test/pack-smoke.mjs');
  if (!existsSync(source)) return undefined;
  const name = `smoke-${packageFolder.replaceAll('/', '-')}.mjs`;
  cpSync(source, join(folder, name));
  const fault = faultOf('pack-smoke.mjs', await capture([binary, name], { cwd: folder }));
  return fault === undefined ? [] : [fault];
}

/**
 * Compiles a module that names everything, with the packages' declarations checked as well. What is wrong within the declarations
 * of others, such as a peer's that do not bear `exactOptionalPropertyTypes`, is not ours to answer for.
 *
 * @param others packages that are installed beside ours
 */
export async function declarationFaults(
  folder: string,
  others: readonly string[] = [],
): Promise<readonly string[]> {
  const result = await capture(bin('tsc', '-p', 'tsconfig.json'), { cwd: folder });
  if (result.code === 0) return [];
  // A diagnostic begins with its file; what belongs to it is indented.
  const diagnostics = (result.stderr + result.stdout).trim().split(/\n(?!\s)/);
  const foreign = others.map(name => `node_modules/${name}/`);
  const own = diagnostics.filter(text => !foreign.some(start => text.startsWith(start)));
  return own.length === 0 ? [] : [`tsc: ${own.join('\n')}`];
}

function faultOf(what: string, result: CommandResult): string | undefined {
  return result.code === 0 ? undefined : `${what}: ${(result.stderr + result.stdout).trim()}`;
}
