/**
 * Who may import whom: the published packages by folder, each with the workspace packages its sources may name.
 *
 * Everything hangs on `core`; nobody depends on a sibling. If two packages need one thing, its contract moves
 * to `core`. Only what composes (`apps`, `bench`, `docs`, `engine-cluster`, `integration`) may import anything.
 */
const LAYERS: Readonly<Record<string, readonly string[] | 'anything'>> = {
  core: [],
  ring: ['core'],
  balancer: ['core'],
  membership: ['core'],
  replication: ['core'],
  transaction: ['core'],
  journal: ['core'],
  threads: ['core'],
  sim: ['core'],
  conformance: ['core'],
  interleaving: ['core'],
  servers: [],
  lock: ['core', 'threads'],
  counter: ['core', 'threads'],
  queue: ['core', 'threads'],
  transport: ['core', 'threads'],
  'engine-memory': ['core'],
  'engine-lmdb': ['core'],
  'engine-redis': ['core'],
  'engine-nats': ['core'],
  'engine-postgres': ['core'],
  'engine-cluster': 'anything',
  integration: 'anything',
};

/** What the tests of any package may import beside what its sources may. */
const TEST_KIT: readonly string[] = ['conformance', 'sim', 'engine-memory', 'interleaving', 'servers'];

/** What is written against a seam is tried on what implements it in earnest. */
const TRIED_ON: Readonly<Record<string, readonly string[]>> = {
  membership: ['transport'],
  replication: ['transport', 'journal'],
};

export const SCOPE = '@quorate/';

/** The packages that the sources of `name` may import, or nothing where the table does not know it. */
export function allowedImports(folder: string, name: string): readonly string[] | 'anything' | undefined {
  return folder.startsWith('packages/') ? LAYERS[name] : 'anything';
}

/** The packages that the tests of `name` may import beside those. */
export function allowedInTests(name: string): readonly string[] {
  return [...TEST_KIT, ...(TRIED_ON[name] ?? [])];
}

/** `@quorate/ring/wasm` → `ring`; nothing for other names. */
export function workspaceName(specifier: string): string | undefined {
  return specifier.startsWith(SCOPE) ? specifier.slice(SCOPE.length).split('/')[0] : undefined;
}

/** `@scope/name/sub` → `@scope/name`, `name/sub` → `name`. */
export function packageName(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}
