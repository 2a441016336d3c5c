import { Repository } from '../../tidy/repository.ts';
import type { Rule } from '../../tidy/rule.ts';

/** What a rule says of the given files: `file:line: message`. */
export function findings(rule: Rule, files: Readonly<Record<string, string>>): readonly string[] {
  return [...rule.check(Repository.of(files))].map(
    ({ file, line, message }) => `${file}:${line}: ${message}`,
  );
}

/** A package.json of the workspace, complete where a rule asks for no more than its name. */
export function manifest(name: string, fields: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({ name: `@quorate/${name}`, ...fields }, null, 2);
}

/** The manifests of packages that import each other by the book: `ring` depends on `core`. */
export const WORKSPACE: Readonly<Record<string, string>> = {
  'packages/core/package.json': manifest('core'),
  'packages/ring/package.json': manifest('ring', { dependencies: { '@quorate/core': 'workspace:^' } }),
  'packages/threads/package.json': manifest('threads', { dependencies: { '@quorate/core': 'workspace:^' } }),
};
