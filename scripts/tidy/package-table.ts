import type { Repository } from './repository.ts';
import type { Rule } from './rule.ts';

const FILE = 'README.md';
const TABLE = /<!-- packages -->\n([\s\S]*?)<!-- \/packages -->/;

/** The table of published packages, from their manifests, as it stands between the marks in the README. */
export function packageTable(repository: Repository): string {
  const rows = repository.workspace
    .filter(({ published }) => published)
    .map(
      ({ folder, manifest }) => `| [\`${manifest.name}\`](${folder}/README.md) | ${manifest.description} |`,
    );
  return ['', '| package | what it holds |', '|---|---|', ...rows, '', ''].join('\n');
}

/** The README with its table brought up to date. */
export function withPackageTable(repository: Repository): string {
  return repository
    .text(FILE)
    .replace(TABLE, () => `<!-- packages -->\n${packageTable(repository)}<!-- /packages -->`);
}

export const packageTableRule: Rule = {
  name: 'package-table',
  summary:
    'the table of packages in README.md is what the manifests say (pnpm tidy --write brings it up to date)',
  *check(repository) {
    if (!repository.has(FILE)) return;
    const text = repository.text(FILE);
    const found = TABLE.exec(text);
    if (found === null) yield { file: FILE, line: 1, message: 'the marks <!-- packages --> are missing' };
    else if (found[1] !== packageTable(repository)) {
      const line = text.slice(0, found.index).split('\n').length;
      yield { file: FILE, line, message: 'the table of packages is out of date: pnpm tidy --write' };
    }
  },
};
