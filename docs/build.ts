/**
 * Builds the site: `node build.ts [--out FOLDER]`, or `node build.ts --serve` to write with a page that reloads.
 */
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { createServer } from 'vitepress';
import { buildSite, generatePages } from './builder/build-site.ts';
import { docsFolder } from './builder/places.ts';

const { values } = parseArgs({
  options: { out: { type: 'string' }, serve: { type: 'boolean', default: false } },
});
const startedMs = performance.now();
const progress = (line: string): void => {
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  console.log(`docs ${seconds.padStart(5)} s  ${line}`);
};

if (values.serve) {
  await generatePages(progress);
  const server = await createServer(docsFolder);
  await server.listen();
  server.printUrls();
} else {
  await buildSite({ out: resolve(values.out ?? join(docsFolder, '.vitepress/dist')), progress });
}
