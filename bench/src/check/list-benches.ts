import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ParamValue } from '../suite.ts';
import type { SuiteListing } from './list-suites.ts';
import { runScript } from './run-script.ts';

/** A bench that a build has. */
export interface ListedBench {
  /** `suite/bench`. */
  readonly name: string;
  readonly contenders: readonly string[];
  readonly params: Readonly<Record<string, readonly ParamValue[]>>;
}

/** The benches of a build, as far as they can be listed. */
export interface BenchListing {
  readonly benches: readonly ListedBench[];
  /** Suites whose file does not load: of their benches nothing is known. */
  readonly failed: readonly { readonly suite: string; readonly reason: string }[];
  /** Why there is no bench at all, where the build has no suites. */
  readonly reason?: string;
}

const deadlineMsDefault = 60_000;

/**
 * Lists the benches of the build in `root` by its own suites, with what is installed there.
 *
 * They are loaded in a process of their own. One that does not load, ends the process or never ends is named, and the
 * others are listed all the same.
 *
 * @throws the signal's reason when it aborts
 */
export async function listBenches(
  root: string,
  { signal, deadlineMs = deadlineMsDefault }: { signal: AbortSignal; deadlineMs?: number },
): Promise<BenchListing> {
  const folder = join(root, 'bench', 'suites');
  const files = await suiteFiles(folder);
  if (files.length === 0) return { benches: [], failed: [], reason: 'It has no suites in bench/suites' };
  const benches: ListedBench[] = [];
  const failed: { suite: string; reason: string }[] = [];
  let urls = files.map(file => pathToFileURL(join(folder, file)).href);
  while (urls.length > 0) {
    const left = new Set(urls);
    const onMessage = (listing: SuiteListing): void => {
      left.delete(listing.url);
      if ('error' in listing) failed.push({ suite: suiteName(listing.url), reason: listing.error });
      else benches.push(...listing.benches);
    };
    const script = new URL('./list-suites.ts', import.meta.url);
    const { fault } = await runScript({ script, request: urls, onMessage, signal, deadlineMs });
    // Suites are loaded in order, so the first of which nothing was heard is the one that ended the process.
    const [culprit, ...others] = left;
    if (culprit !== undefined) {
      failed.push({ suite: suiteName(culprit), reason: `Loading it failed: ${fault ?? 'it ended early'}` });
    }
    urls = others;
  }
  return { benches, failed };
}

async function suiteFiles(folder: string): Promise<string[]> {
  try {
    const files = await readdir(folder);
    return files.filter(file => file.endsWith('.ts') && !file.endsWith('.test.ts')).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function suiteName(url: string): string {
  return basename(decodeURIComponent(url), '.ts');
}
