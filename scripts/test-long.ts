import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readOptions } from './command-line.ts';
import { countsLine, readCounts, readSkipped } from './gate/test-report.ts';
import { type Command, ROOT, bin, passThrough } from './run-command.ts';

const USAGE = `pnpm test:long: the long campaigns: test files that read QUORATE_LONG, with the numbers they are stated for

  --only a,b   the files whose path has one of these in it
  --list       name the files, run nothing
  --json       { schema, ok, files, seconds, tests, skipped } on stdout, all else on stderr

The last line is "N passed, N failed, N skipped", as the test runner counted.
`;

const values = readOptions(USAGE, {
  only: { type: 'string' },
  list: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
});
const log = values.json ? process.stderr : process.stdout;

process.exitCode = await main();

async function main(): Promise<number> {
  const files = longFiles().filter(file => values.only?.split(',').some(part => file.includes(part)) ?? true);
  if (files.length === 0) {
    process.stderr.write(
      `No test file reads QUORATE_LONG${values.only === undefined ? '' : ` and fits "${values.only}"`}\n`,
    );
    return 2;
  }
  for (const file of files) log.write(`${file}\n`);
  if (values.list) return 0;
  log.write('\n');
  const scratch = mkdtempSync(join(tmpdir(), 'quorate-long-'));
  const startMs = performance.now();
  try {
    const countsFile = join(scratch, 'tests.json');
    const skipFile = join(scratch, 'skipped.json');
    const code = await passThrough(command(files, countsFile), {
      env: { QUORATE_LONG: '1', QUORATE_SKIP_REPORT: skipFile },
      output: values.json ? 'stderr' : 'inherit',
    });
    conclude(code === 0, files, (performance.now() - startMs) / 1000, countsFile, skipFile);
    return code === 0 ? 0 : 1;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Test files that run longer when they are asked to. */
function longFiles(): string[] {
  const patterns = ['packages', 'apps'].map(parent => `${parent}/*/test/**/*.test.ts`);
  return globSync([...patterns, 'bench/test/**/*.test.ts'], { cwd: ROOT })
    .filter(file => /\bQUORATE_LONG\b/.test(readFileSync(join(ROOT, file), 'utf8')))
    .sort();
}

/** One file at a time: campaigns take all cores themselves. */
function command(files: readonly string[], countsFile: string): Command {
  return bin(
    'vitest',
    'run',
    ...files,
    '--no-file-parallelism',
    '--reporter=verbose',
    '--reporter=json',
    `--outputFile.json=${countsFile}`,
    `--reporter=${join(ROOT, 'scripts/gate/skip-reporter.ts')}`,
  );
}

function conclude(
  ok: boolean,
  files: readonly string[],
  seconds: number,
  countsFile: string,
  skipFile: string,
): void {
  const tests = readCounts(countsFile);
  const skipped = readSkipped(skipFile);
  for (const { project, name, reason } of skipped) {
    log.write(`skipped: ${project} > ${name}${reason === null ? '' : ` (${reason})`}\n`);
  }
  if (values.json) {
    process.stdout.write(
      `${JSON.stringify({ schema: 'quorate-test-long/1', ok, files, seconds, tests, skipped })}\n`,
    );
  }
  log.write(`${files.length} files in ${seconds.toFixed(1)} s\n${countsLine(tests)}\n`);
}
