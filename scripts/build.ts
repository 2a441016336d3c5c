import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { publishedPackages } from './published-packages.ts';
import { ROOT, passThrough, pnpm } from './run-command.ts';

const USAGE = `pnpm build: what is published, and the site

  --packages   the published packages alone, without the site
  --force      take nothing from turbo's cache
`;

const { values } = parseArgs({
  options: {
    packages: { type: 'boolean', default: false },
    force: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

process.exitCode = await main();

async function main(): Promise<number> {
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
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
