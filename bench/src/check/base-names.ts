import type { FoundSuite } from '../discover.ts';
import { listBenches } from './list-benches.ts';
import { subjectName } from './subject.ts';

/** What base's own suites measure. */
export interface BaseNames {
  /** Whether base has this contender of this bench; null where its suite could not be looked at. */
  readonly presence: (suite: string, bench: string, contender: string) => 'both' | 'new' | null;
  /** Contenders of benches that base has and `suites` have not, sorted; with filters, those alone that a filter is part of. */
  readonly gone: (suites: readonly FoundSuite[], filters: readonly string[]) => string[];
  /** What could not be looked at, and why. */
  readonly notes: readonly string[];
}

/** Reads base's suites, to tell what is new and what is gone. What runs in both builds are head's. */
export async function baseNames(root: string, signal: AbortSignal): Promise<BaseNames> {
  const { benches, failed, reason } = await listBenches(root, { signal });
  const known = new Set(
    benches.flatMap(({ name, contenders }) => {
      const [suite = '', ...bench] = name.split('/');
      return contenders.map(contender => nameOf(suite, bench.join('/'), contender));
    }),
  );
  const notes = failed.map(({ suite, reason: why }) => `Base's suite "${suite}" could not be read: ${why}`);
  if (reason !== undefined) notes.push(`Base's suites could not be read: ${reason}`);
  return {
    presence(suite, bench, contender) {
      if (known.has(nameOf(suite, bench, contender))) return 'both';
      return reason !== undefined || failed.some(other => other.suite === suite) ? null : 'new';
    },
    gone(suites, filters) {
      const here = suites.flatMap(({ suite }) =>
        suite.benches.flatMap(bench =>
          Object.keys(bench.contenders).map(contender => nameOf(suite.name, bench.name, contender)),
        ),
      );
      return [...known]
        .filter(name => name.includes(' · @quorate/') && !here.includes(name))
        .filter(name => filters.length === 0 || filters.some(filter => name.includes(filter)))
        .sort();
    },
    notes,
  };
}

function nameOf(suite: string, bench: string, contender: string): string {
  return subjectName(suite, bench, contender, {}, undefined);
}
