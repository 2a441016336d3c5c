import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A published package of the workspace. */
export interface WorkspacePackage {
  /** `ring` */
  readonly folder: string;
  /** `@quorate/ring` */
  readonly name: string;
  readonly description: string;
  /** Whether it has a README yet. */
  readonly documented: boolean;
  /** What can be imported, by specifier, and the source it stands for: `@quorate/ring` to `src/index.ts`. */
  readonly entries: Readonly<Record<string, string>>;
}

interface Manifest {
  readonly name: string;
  readonly description: string;
  readonly private?: boolean;
  readonly exports?: Readonly<Record<string, unknown>>;
}

/** The packages in `packages/` that are published, core first, then by name. */
export function workspacePackages(root: string): WorkspacePackage[] {
  const found: WorkspacePackage[] = [];
  for (const folder of readdirSync(join(root, 'packages')).toSorted()) {
    const file = join(root, 'packages', folder, 'package.json');
    if (!existsSync(file)) continue;
    const manifest: Manifest = JSON.parse(readFileSync(file, 'utf8'));
    if (manifest.private === true) continue;
    const { name, description } = manifest;
    const documented = existsSync(join(root, 'packages', folder, 'README.md'));
    found.push({ folder, name, description, documented, entries: sourceEntries(manifest) });
  }
  return found.toSorted((a, b) => Number(b.folder === 'core') - Number(a.folder === 'core'));
}

function sourceEntries({ name, exports = {} }: Manifest): Record<string, string> {
  const entries: Record<string, string> = {};
  for (const [subpath, target] of Object.entries(exports)) {
    const source = sourceOf(target);
    if (source !== undefined) entries[name + subpath.slice(1)] = source.replace(/^\.\//, '');
  }
  return entries;
}

/** The TypeScript file behind an export; with conditions, the last one, which everybody but Node takes. */
function sourceOf(target: unknown): string | undefined {
  if (typeof target === 'string') return target.endsWith('.ts') ? target : undefined;
  if (typeof target !== 'object' || target === null) return undefined;
  return Object.values(target)
    .map(sourceOf)
    .findLast(source => source !== undefined);
}
