import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { defineSuite, type Suite } from './suite.ts';

/** A suite and the module that the measured processes import it from. */
export interface FoundSuite {
  readonly suite: Suite;
  readonly url: string;
}

/** A file in the folder of the suites cannot be used as one; the message has the place in it, where there is one. */
export class SuiteError extends Error {
  override readonly name = 'SuiteError';
}

/**
 * Finds the suites of a folder by name: every `*.ts` file whose default export is a suite of the file's name.
 *
 * @throws SuiteError where a module does not load, exports no suite, or one of another name, or one that {@link defineSuite}
 *   would refuse: a suite that silently did not run is worse
 */
export async function discoverSuites(folder: string): Promise<FoundSuite[]> {
  const files = (await readdir(folder)).filter(file => file.endsWith('.ts') && !file.endsWith('.test.ts'));
  const found = await Promise.all(files.map(async file => loadSuite(join(folder, file))));
  return found.sort((a, b) => (a.suite.name < b.suite.name ? -1 : 1));
}

async function loadSuite(file: string): Promise<FoundSuite> {
  try {
    const { suite, url } = await importSuite(pathToFileURL(file).href);
    return { suite: defineSuite(suite), url };
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    // How Node comes to load it is of no interest.
    const lines = text.split('\n').filter(line => !/^ +at .*\bnode:internal\//.test(line));
    throw new SuiteError(`Suite ${file} must load: ${lines.join('\n')}`);
  }
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
