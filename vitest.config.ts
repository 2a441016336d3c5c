import { defineConfig } from 'vitest/config';

/** One project a workspace folder that has tests; `vitest run --project ring` runs one of them. */
const folders = ['core', 'threads', 'ring'].map(name => `packages/${name}`);
const others = ['bench', 'apps/node', 'apps/demo', 'apps/cli', 'docs', 'scripts'];

export default defineConfig({
  test: {
    reporters: process.stdout.isTTY ? ['default'] : [['default', { summary: false }]],
    projects: [...folders, ...others].map(root => ({
      extends: true as const,
      root,
      test: {
        name: root.split('/').at(-1) ?? root,
        include: ['{src,test,suites}/**/*.test.ts', '*.test.ts'],
        testTimeout: 30_000,
      },
    })),
  },
});
