import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readOptions } from './command-line.ts';
import { type GateResult, runGate } from './gate/run-gate.ts';
import { STEPS, type Step } from './gate/steps.ts';
import { countsLine } from './gate/test-report.ts';

const LIST = STEPS.map(({ name, summary }) => `${name.padEnd(8)} ${summary}\n`).join('');

const USAGE = `pnpm test: the whole gate; stops at the first step that fails

  --only a,b   these steps alone
  --list       name the steps
  --json       { schema, ok, steps: [{ name, ok, seconds }], tests, skipped } on stdout, all else on stderr

The last line is "N passed, N failed, N skipped", as the test runner counted.

${LIST}`;

const values = readOptions(USAGE, {
  only: { type: 'string' },
  list: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
});
const log = values.json ? process.stderr : process.stdout;

process.exitCode = await main();

async function main(): Promise<number> {
  if (values.list) {
    process.stdout.write(LIST);
    return 0;
  }
  const only = values.only?.split(',');
  const unknown = only?.find(name => !STEPS.some(step => step.name === name));
  if (unknown !== undefined) {
    process.stderr.write(`No step is called "${unknown}": see pnpm test --list\n`);
    return 2;
  }
  const steps = STEPS.filter(({ name }) => only === undefined || only.includes(name));
  const scratch = mkdtempSync(join(tmpdir(), 'quorate-gate-'));
  try {
    const result = await runGate(steps, {
      scratch,
      output: values.json ? 'stderr' : 'inherit',
      onStart: (step, index) => announce(step, `[${index + 1}/${steps.length}]`),
      onEnd: ({ name, ok, seconds }) =>
        log.write(`${ok ? 'ok' : 'FAILED'} ${name} in ${seconds.toFixed(1)} s\n\n`),
    });
    conclude(result);
    return result.failed === undefined ? 0 : 1;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function announce({ name, summary }: Step, position: string): void {
  const title = `${position} ${name}`;
  log.write(`${log.isTTY ? `\u001B[1m${title}\u001B[22m` : title}: ${summary}\n`);
}

function conclude({ steps, failed, tests, skipped }: GateResult): void {
  for (const { project, name, reason } of skipped) {
    log.write(`skipped: ${project} > ${name}${reason === null ? '' : ` (${reason})`}\n`);
  }
  const total = steps.reduce((sum, { seconds }) => sum + seconds, 0);
  const times = steps.map(({ name, seconds }) => `${name} ${seconds.toFixed(1)}`).join(', ');
  log.write(`${total.toFixed(1)} s: ${times}\n`);
  if (failed !== undefined) log.write(`${failed.name} failed; run it alone with: ${failed.rerun}\n`);
  if (values.json) {
    const report = { schema: 'quorate-gate/1', ok: failed === undefined, steps, tests, skipped };
    process.stdout.write(`${JSON.stringify(report)}\n`);
  }
  log.write(`${countsLine(tests)}\n`);
}
