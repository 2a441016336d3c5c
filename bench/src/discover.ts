import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Suite } from './suite.ts';

/** A suite and the module that the measured processes import it from. */
export interface FoundSuite {
  readonly suite: Suite;
  readonly url: string;
}

/**
 * Finds the suites of a folder by name: every `*.ts` file whose default export is a suite of the file's name.
 *
 * @throws Error where a module exports no suite, or one of another name: a suite that silently did not run is worse
 */
export async function discoverSuites(folder: string): Promise<FoundSuite[]> {
  const files = (await readdir(folder)).filter(file => file.endsWith('.ts') && !file.endsWith('.test.ts'));
  const found = await Promise.all(files.map(file => importSuite(pathToFileURL(join(folder, file)).href)));
  return found.sort((a, b) => (a.suite.name < b.suite.name ? -1 : 1));
}

/** Imports one suite by its module's URL; measured processes and their workers do the same. */
export async function importSuite(url: string): Promise<FoundSuite> {
  const module = (await import(url)) as { default?: Partial<Suite> };
  const name = decodeURIComponent(url.slice(url.lastIndexOf('/') + 1)).replace(/\.ts$/, '');
  const suite = module.default;
  if (suite?.name !== name || !Array.isArray(suite.benches)) {
    throw new Error(
      `Module ${url} must export a suite named "${name}" by default: received ${suite?.name ?? 'none'}`,
    );
  }
  return { suite: suite as Suite, url };
}
