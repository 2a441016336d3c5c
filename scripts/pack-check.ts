import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { readOptions } from './command-line.ts';
import { checkTarballs } from './pack-check/check.ts';
import { packAll } from './pack-check/pack.ts';
import { type Tarball, readTarball } from './pack-check/tarball.ts';
import { passThrough, ROOT } from './run-command.ts';

const USAGE = `pnpm pack-check: builds and packs every published package, and checks the tarballs as a user would meet them

  --tarballs DIR   check these, instead of building and packing
  --json           { checks: [{ subject, check, faults }] } on stdout
`;

const values = readOptions(USAGE, {
  tarballs: { type: 'string' },
  json: { type: 'boolean', default: false },
});

process.exitCode = await main();

async function main(): Promise<number> {
  const { tarballs: folder } = values;
  if (folder !== undefined && !existsSync(folder)) {
    process.stderr.write(`There is no folder ${folder}\n`);
    return 2;
  }
  const scratch = mkdtempSync(join(tmpdir(), 'quorate-pack-'));
  try {
    const tarballs = folder === undefined ? await built(scratch) : readAll(resolve(folder));
    if (tarballs === undefined) return 1;
    const log = values.json ? process.stderr : process.stdout;
    const checks = await checkTarballs(tarballs, ({ subject, check, faults }) => {
      log.write(`${faults.length === 0 ? 'ok  ' : 'FAIL'} ${subject.padEnd(20)} ${check}\n`);
      for (const fault of faults) log.write(`${fault.replaceAll(/^/gm, '       ')}\n`);
    });
    if (values.json) process.stdout.write(`${JSON.stringify({ checks })}\n`);
    return checks.every(({ faults }) => faults.length === 0) ? 0 : 1;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function built(scratch: string): Promise<readonly Tarball[] | undefined> {
  const build = [process.execPath, join(ROOT, 'scripts/build.ts'), '--packages'] as const;
  const code = await passThrough(build, { output: 'stderr' });
  return code === 0 ? packAll(scratch) : undefined;
}

function readAll(folder: string): readonly Tarball[] {
  return readdirSync(folder)
    .filter(name => name.endsWith('.tgz'))
    .toSorted()
    .map(name => readTarball(join(folder, name)));
}
