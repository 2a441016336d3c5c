import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { readOptions } from './command-line.ts';
import { publishedPackages } from './published-packages.ts';
import { ROOT, passThrough, pnpm } from './run-command.ts';

const USAGE = `pnpm build: what is published, and the site

  --packages   the published packages alone, without the site
  --force      take nothing from turbo's cache
`;

const values = readOptions(USAGE, {
  packages: { type: 'boolean', default: false },
  force: { type: 'boolean', default: false },
});

process.exitCode = await main();

async function main(): Promise<number> {
  // `tsc -b` keeps the outputs of sources that are gone, and they would be packed.
  const folders = publishedPackages(ROOT).map(({ folder }) => folder);
  for (const folder of folders) {
    rmSync(join(ROOT, folder, 'dist'), { recursive: true, force: true });
  }
  const filter = values.packages ? folders.map(folder => `--filter=./${folder}`) : [];
  const force = values.force ? ['--force'] : [];
  return passThrough(
    pnpm('exec', 'turbo', 'run', 'build', '--ui=stream', '--output-logs=new-only', ...filter, ...force),
  );
}
