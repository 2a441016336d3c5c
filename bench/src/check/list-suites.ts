/**
 * Imports suites of any build, one after the other, and says of each what it has: a script of {@link listBenches}.
 *
 * What an older build calls a suite need not be what this one does, so everything is looked at before it is used.
 */
import { importSuite } from '../discover.ts';
import type { ListedBench } from './list-benches.ts';

/** What is said of each suite file, in order. */
export type SuiteListing =
  | { readonly url: string; readonly benches: readonly ListedBench[] }
  | { readonly url: string; readonly error: string };

process.once('message', (urls: readonly string[]) => {
  void listAll(urls).then(() => process.exit(0));
});
process.once('disconnect', () => process.exit(1));

async function listAll(urls: readonly string[]): Promise<void> {
  for (const url of urls) {
    let listing: SuiteListing;
    try {
      const { suite } = await importSuite(url);
      const benches: readonly unknown[] = suite.benches;
      listing = { url, benches: benches.map(bench => listedBench(suite.name, bench)) };
    } catch (error) {
      listing = { url, error: error instanceof Error ? error.message : String(error) };
    }
    await new Promise(resolve => process.send?.(listing, resolve));
  }
}

function listedBench(suite: string, bench: unknown): ListedBench {
  const { name, contenders, params } = recordOf(bench, `a bench of suite "${suite}"`);
  if (typeof name !== 'string')
    throw new TypeError(`Bench of "${suite}" must have a name: received ${String(name)}`);
  const where = `of bench "${suite}/${name}"`;
  return {
    name: `${suite}/${name}`,
    contenders: Object.keys(recordOf(contenders, `contenders ${where}`)),
    params: params === undefined ? {} : valuesOf(recordOf(params, `params ${where}`)),
  };
}

/** Parameters that are neither numbers nor text are named and have no values. */
function valuesOf(params: Readonly<Record<string, unknown>>): ListedBench['params'] {
  const isValue = (value: unknown) => typeof value === 'number' || typeof value === 'string';
  return Object.fromEntries(
    Object.entries(params).map(([name, values]) => [
      name,
      Array.isArray(values) ? values.filter(isValue) : [],
    ]),
  );
}

function recordOf(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  throw new TypeError(`Suite must declare ${what}: received ${String(value)}`);
}
