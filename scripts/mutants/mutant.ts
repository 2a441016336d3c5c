import { globSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** One deliberate bug: a piece of source that is replaced by another, and what has to notice. */
export interface Mutant {
  /** Unique within its package. */
  readonly id: string;
  /** What the bug is, in a sentence. */
  readonly says: string;
  /** Relative to the package's folder. */
  readonly file: string;
  /** Stands in that file exactly once. */
  readonly find: string;
  readonly replace: string;
  /** A test file of the package, or `sim SCENARIO --seeds A..B`. */
  readonly caughtBy: string;
  /** The package's folder under `packages`. */
  readonly package: string;
}

/** A list of mutants is not what it has to be. */
export class MutantListError extends Error {
  override readonly name = 'MutantListError';
}

const fields = ['id', 'says', 'file', 'find', 'replace', 'caughtBy'] as const;

/** The lists of all packages, `test/mutants.json` of each, in order of their names. @throws MutantListError */
export function readMutants(root: string): readonly Mutant[] {
  const lists = globSync('packages/*/test/mutants.json', { cwd: root }).sort();
  return lists.flatMap(list => {
    const folder = dirname(dirname(list));
    const items = JSON.parse(readFileSync(join(root, list), 'utf8')) as readonly Record<string, unknown>[];
    const ids = new Set<unknown>();
    return items.map(item => {
      for (const field of fields) {
        if (typeof item[field] === 'string') continue;
        throw new MutantListError(
          `${list}: "${field}" of mutant ${JSON.stringify(item['id'])} must be a text: received ${JSON.stringify(item[field])}`,
        );
      }
      if (ids.has(item['id'])) {
        throw new MutantListError(`${list}: two mutants are called ${JSON.stringify(item['id'])}`);
      }
      ids.add(item['id']);
      return { ...(item as unknown as Mutant), package: basename(folder) };
    });
  });
}

/** The file's text with the bug in it. @throws MutantListError when the place is not there exactly once, or the text the same */
export function mutate(mutant: Mutant, text: string): string {
  const places = text.split(mutant.find).length - 1;
  const name = `${mutant.package}/${mutant.id}`;
  if (mutant.find === '' || places !== 1) {
    throw new MutantListError(
      `What mutant ${name} replaces must stand once in ${mutant.file}: found ${places} times`,
    );
  }
  if (mutant.find === mutant.replace) throw new MutantListError(`Mutant ${name} changes nothing`);
  return text.replace(mutant.find, () => mutant.replace);
}
