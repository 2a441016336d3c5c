import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { defineConfig } from 'vitest/config';

const root = import.meta.dirname;

/** The workspace's folders, named from the root, so that a new package is a project without a word here. */
const folders = ['packages', 'apps']
  .flatMap(parent => readdirSync(join(root, parent)).map(name => `${parent}/${name}`))
  .concat('bench', 'docs', 'scripts');

/** One project for each folder: `vitest run --project ring` runs one of them. */
export default defineConfig({
  test: {
    reporters: process.stdout.isTTY ? ['default'] : [['default', { summary: false }]],
    projects: folders.map(folder => ({
      extends: true as const,
      root: join(root, folder),
      test: {
        name: basename(folder),
        include: ['{src,test,suites}/**/*.test.ts', '*.test.ts'],
        testTimeout: 30_000,
      },
    })),
  },
});
