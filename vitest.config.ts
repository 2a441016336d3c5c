import { existsSync, readdirSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, join } from 'node:path';
import { defineConfig } from 'vitest/config';

const root = import.meta.dirname;

/** The workspace's folders, named from the root, so that a new package is a project without a word here. */
const folders = ['packages', 'apps']
  .flatMap(parent => readdirSync(join(root, parent)).map(name => `${parent}/${name}`))
  .concat('bench', 'docs', 'scripts');

/** Many tests wait for servers and processes, so that two at a time take less than twice one's time even on two cores. */
const workers = Math.max(2, availableParallelism() - 1);

/** These measure, or watch the times of real processes that need the cores themselves: they come last, one file after the other. */
const alone = new Set(['bench', 'apps/demo']);

/**
 * Processes and threads that tests start load the same sources over and over: with compiled code kept between them they start in half
 * the time. Benches see to it themselves.
 */
const compiled = { NODE_COMPILE_CACHE: join(root, 'node_modules/.cache/quorate-tests') };

/** Programs that tests write have new names each time: what was kept of them is dropped with all else when it is this many files. */
const compiledMax = 5000;
if (existsSync(compiled.NODE_COMPILE_CACHE)) {
  const { length } = readdirSync(compiled.NODE_COMPILE_CACHE, { recursive: true });
  if (length > compiledMax)
    rmSync(compiled.NODE_COMPILE_CACHE, { recursive: true, force: true, maxRetries: 5 });
}

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
        // Bounds for what hangs, not for what is slow: a busy machine starts a server in what a quiet one needs for a whole file.
        testTimeout: 120_000,
        hookTimeout: 120_000,
        // A second, as by default, may pass on a busy machine before anything could be seen.
        expect: { poll: { timeout: 20_000 } },
        env: folder === 'bench' ? {} : compiled,
        maxWorkers: alone.has(folder) ? 1 : workers,
        sequence: { groupOrder: alone.has(folder) ? 1 : 0 },
      },
    })),
  },
});
