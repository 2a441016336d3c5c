import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { publishedPackages } from '../published-packages.ts';
import { ROOT, bin, capture } from '../run-command.ts';
import {
  NODES,
  declarationFaults,
  exportedNames,
  installConsumer,
  loadingFaults,
  peersOf,
  smokeFaults,
} from './consumer.ts';
import { contentFaults } from './contents.ts';
import type { Tarball } from './tarball.ts';

/** One thing that was checked of one package, or of all of them together. */
export interface PackCheck {
  readonly subject: string;
  readonly check: string;
  readonly faults: readonly string[];
}

/**
 * Checks the very files that users would get: their contents, their metadata, and their use on every promised Node.
 *
 * @param report Called as soon as each result is known.
 */
export async function checkTarballs(
  tarballs: readonly Tarball[],
  report: (check: PackCheck) => void,
): Promise<readonly PackCheck[]> {
  const checks: PackCheck[] = [];
  const add = (subject: string, check: string, faults: readonly string[]): void => {
    checks.push({ subject, check, faults });
    report({ subject, check, faults });
  };
  for (const tarball of tarballs) {
    const { name } = tarball.manifest;
    add(name, `${tarball.entries.size} files`, contentFaults(tarball));
    const [lint, types] = await Promise.all([
      metadataFaults('publint', '--strict', tarball.file),
      metadataFaults('attw', '--profile', 'esm-only', tarball.file),
    ]);
    add(name, 'publint --strict', lint);
    add(name, 'attw --profile esm-only', types);
  }
  const folder = mkdtempSync(join(tmpdir(), 'quorate-consumer-'));
  try {
    await installConsumer(folder, tarballs);
    add('all together', 'declarations compile', await declarationFaults(folder, peersOf(tarballs)));
    for (const node of NODES) await useOn(node, folder, tarballs, add);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return checks;
}

async function metadataFaults(name: string, ...args: string[]): Promise<readonly string[]> {
  const { code, stdout, stderr } = await capture(bin(name, ...args));
  return code === 0 ? [] : [`${stdout}${stderr}`.trim()];
}

async function useOn(
  node: (typeof NODES)[number],
  folder: string,
  tarballs: readonly Tarball[],
  add: (subject: string, check: string, faults: readonly string[]) => void,
): Promise<void> {
  const { version, binary } = node;
  for (const tarball of tarballs) {
    const names = exportedNames(tarball);
    const what = `import and require of ${names.length} on Node ${version}`;
    add(tarball.manifest.name, what, await loadingFaults(folder, binary, names));
  }
  for (const owner of publishedPackages(ROOT)) {
    const faults = await smokeFaults(folder, binary, owner.folder);
    if (faults !== undefined) add(owner.manifest.name ?? owner.name, `used on Node ${version}`, faults);
  }
}
