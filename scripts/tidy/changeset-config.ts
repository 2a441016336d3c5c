import { keyLine } from './manifest.ts';
import type { Rule } from './rule.ts';

interface ChangesetConfig {
  readonly fixed?: readonly (readonly string[])[];
  readonly access?: string;
  readonly baseBranch?: string;
  readonly privatePackages?: { readonly version?: boolean; readonly tag?: boolean };
}

const FILE = '.changeset/config.json';

/** The published packages carry one version, and each is named: a pattern would take private ones along. */
export const changesetConfig: Rule = {
  name: 'changeset-config',
  summary: 'changesets version exactly the published packages, together; a changeset names no other',
  *check(repository) {
    const names = repository.workspace
      .filter(({ published }) => published)
      .map(({ manifest }) => manifest.name ?? '')
      .toSorted();
    if (!repository.has(FILE)) {
      yield { file: FILE, line: 1, message: 'the file is missing' };
      return;
    }
    const text = repository.text(FILE);
    const config = JSON.parse(text) as ChangesetConfig;
    const at = (key: string, message: string) => ({ file: FILE, line: keyLine(text, key), message });
    if (JSON.stringify(config.fixed) !== JSON.stringify([names])) {
      yield at('fixed', `"fixed" must be [${JSON.stringify(names)}]: the published packages`);
    }
    if (config.access !== 'public') yield at('access', '"access" must be "public"');
    if (config.baseBranch !== 'main') yield at('baseBranch', '"baseBranch" must be "main"');
    if (config.privatePackages?.version !== false || config.privatePackages.tag !== false) {
      yield at('privatePackages', '"privatePackages" must have version and tag false');
    }
    for (const file of repository.files) {
      if (!/^\.changeset\/(?!README)[^/]+\.md$/.test(file)) continue;
      for (const [index, line] of repository.text(file).split('\n').entries()) {
        const name = /^["']?(@quorate\/[^"':]+)["']?\s*:/.exec(line)?.[1];
        if (name === undefined || names.includes(name)) continue;
        yield { file, line: index + 1, message: `${name} is not a published package` };
      }
    }
  },
};
