import { discoverSuites, type FoundSuite } from '../discover.ts';
import { UsageError } from './usage-error.ts';

/**
 * Loads the suites of the folder that `--suites` names, else those of the repository.
 *
 * @throws UsageError where the folder that was named cannot be read or has no suite
 * @throws SuiteError where a suite in it does not load
 */
export async function loadSuites(named: string | undefined, own: string): Promise<FoundSuite[]> {
  if (named === undefined) return discoverSuites(own);
  let suites: FoundSuite[];
  try {
    suites = await discoverSuites(named);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall !== 'scandir') throw error;
    throw new UsageError(`Option --suites must name a folder that can be read: ${(error as Error).message}`);
  }
  if (suites.length > 0) return suites;
  throw new UsageError(`Option --suites must name a folder with suites: received "${named}", which has none`);
}
