import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { STEPS, type Step } from './gate/steps.ts';
import { countsLine, readCounts, readSkipped } from './gate/test-report.ts';
import { type Command, ROOT, passThrough } from './run-command.ts';

const USAGE = `pnpm test: the whole gate; stops at the first step that fails

  --only a,b   these steps alone
  --list       name the steps
  --json       { schema, ok, steps: [{ name, ok, seconds }], tests, skipped } on stdout, all else on stderr

The last line is "N passed, N failed, N skipped", as the test runner counted.
`;

interface StepResult {
  readonly name: string;
  readonly ok: boolean;
  readonly seconds: number;
}

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    list: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
const log = values.json ? process.stderr : process.stdout;
const bold = (text: string): string => (log.isTTY ? `\u001B[1m${text}\u001B[22m` : text);

process.exitCode = await main();

async function main(): Promise<number> {
  if (values.help || values.list) {
    const list = STEPS.map(({ name, summary }) => `${name.padEnd(8)} ${summary}\n`).join('');
    process.stdout.write(values.help ? `${USAGE}\n${list}` : list);
    return 0;
  }
  const only = values.only?.split(',');
  const unknown = only?.find(name => !STEPS.some(step => step.name === name));
  if (unknown !== undefined) {
    process.stderr.write(`No step is called "${unknown}": see pnpm test --list\n`);
    return 2;
  }
  const scratch = mkdtempSync(join(tmpdir(), 'quorate-gate-'));
  try {
    return await runGate(
      STEPS.filter(({ name }) => only === undefined || only.includes(name)),
      scratch,
    );
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function runGate(steps: readonly Step[], scratch: string): Promise<number> {
  const results: StepResult[] = [];
  const countsFile = join(scratch, 'tests.json');
  const skipFile = join(scratch, 'skipped.json');
  let failed: Step | undefined;
  for (const [index, step] of steps.entries()) {
    log.write(`${bold(`[${index + 1}/${steps.length}] ${step.name}`)}: ${step.summary}\n`);
    const startMs = performance.now();
    const isUnit = step.name === 'unit';
    const command = isUnit ? withReports(step.command, countsFile) : step.command;
    const env = isUnit ? { QUORATE_SKIP_REPORT: skipFile } : {};
    const code = await passThrough(command, { env, stdout: values.json ? 'stderr' : 'stdout' });
    const seconds = (performance.now() - startMs) / 1000;
    results.push({ name: step.name, ok: code === 0, seconds });
    log.write(`${code === 0 ? 'ok' : 'FAILED'} ${step.name} in ${seconds.toFixed(1)} s\n\n`);
    if (code !== 0) {
      failed = step;
      break;
    }
  }
  conclude(results, failed, countsFile, skipFile);
  return failed === undefined ? 0 : 1;
}

/** The runner keeps its own output, and writes beside it what the last line is counted from. */
function withReports(command: Command, countsFile: string): Command {
  return [
    ...command,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${countsFile}`,
    `--reporter=${join(ROOT, 'scripts/gate/skip-reporter.ts')}`,
  ];
}

function conclude(
  results: readonly StepResult[],
  failed: Step | undefined,
  countsFile: string,
  skipFile: string,
): void {
  const tests = readCounts(countsFile);
  const skipped = readSkipped(skipFile);
  for (const { project, name, reason } of skipped) {
    log.write(`skipped: ${project} > ${name}${reason === null ? '' : ` (${reason})`}\n`);
  }
  const total = results.reduce((sum, { seconds }) => sum + seconds, 0);
  const times = results.map(({ name, seconds }) => `${name} ${seconds.toFixed(1)}`).join(', ');
  log.write(`${total.toFixed(1)} s: ${times}\n`);
  if (failed !== undefined) log.write(`${failed.name} failed; run it alone with: ${failed.rerun}\n`);
  if (values.json) {
    const ok = failed === undefined;
    const report = { schema: 'quorate-gate/1', ok, steps: results, tests, skipped };
    process.stdout.write(`${JSON.stringify(report)}\n`);
  }
  log.write(`${countsLine(tests)}\n`);
}
