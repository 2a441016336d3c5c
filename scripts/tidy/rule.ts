import type { Repository } from './repository.ts';

/** One place where a house rule is broken. `line` is 1-based; 1 where the whole file is meant. */
export interface Finding {
  readonly file: string;
  readonly line: number;
  readonly message: string;
}

/**
 * A house rule: a pure function from the repository's files to what is wrong with them.
 *
 * Rules read through `Repository` alone, so that a test can hand in a fixture of three files
 * and see the rule go red without a temporary folder.
 */
export interface Rule {
  /** Kebab-case; what `pnpm tidy --only` takes and what stands in brackets behind a finding. */
  readonly name: string;
  /** One sentence for `pnpm tidy --list`. */
  readonly summary: string;
  check(repository: Repository): Iterable<Finding>;
}
