import { posix } from 'node:path';
import type { Rule } from './rule.ts';

const BANNED = new Set(['util', 'utils', 'helper', 'helpers', 'common', 'misc', 'types']);
const KEBAB = /^[a-z0-9]+(?:[-.][a-z0-9]+)*$/;

/** A name that says nothing gathers everything. */
export const fileNames: Rule = {
  name: 'file-names',
  summary:
    'code files are kebab-case, and neither file nor folder is called utils, helpers, common, misc or types',
  *check(repository) {
    for (const file of repository.code()) {
      const parts = file.split('/').filter(part => !part.startsWith('.'));
      for (const part of parts) {
        const stem = part.split('.')[0] ?? '';
        if (BANNED.has(stem)) {
          yield {
            file,
            line: 1,
            message: `"${part}" says nothing about what it holds: name it after its main export`,
          };
        }
      }
      const base = posix.basename(file);
      if (!KEBAB.test(base)) yield { file, line: 1, message: `"${base}" is not kebab-case` };
    }
  },
};
