import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { publishedPackages } from '../published-packages.ts';
import { ROOT, bin, captureOrThrow } from '../run-command.ts';

/** Never published: the version of a package before its first changeset. */
const UNRELEASED = '0.0.0';

/** The changesets that wait for a release, by file name. */
export function pendingChangesets(): readonly string[] {
  return readdirSync(join(ROOT, '.changeset')).filter(name => name.endsWith('.md') && name !== 'README.md');
}

/** Turns the changesets into versions and changelogs, in the working tree. */
export async function applyChangesets(): Promise<void> {
  await captureOrThrow(bin('changeset', 'version'));
  const manifests = publishedPackages(ROOT).map(({ folder }) => join(folder, 'package.json'));
  await captureOrThrow(bin('biome', 'format', '--write', ...manifests));
}

/** Name and version of each published package that has had a changeset. */
export function currentVersions(): readonly { readonly name: string; readonly version: string }[] {
  return publishedPackages(ROOT)
    .map(({ manifest }) => ({ name: manifest.name ?? '', version: manifest.version ?? UNRELEASED }))
    .filter(({ version }) => version !== UNRELEASED);
}
