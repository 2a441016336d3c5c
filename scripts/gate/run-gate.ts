import { join } from 'node:path';
import { type Command, type Output, ROOT, passThrough } from '../run-command.ts';
import type { SkippedTest } from './skip-reporter.ts';
import type { Step } from './steps.ts';
import { type TestCounts, readCounts, readSkipped } from './test-report.ts';

export interface StepResult {
  readonly name: string;
  readonly ok: boolean;
  readonly seconds: number;
}

export interface GateResult {
  readonly steps: readonly StepResult[];
  /** The step that failed; it was the last that ran. */
  readonly failed: Step | undefined;
  readonly tests: TestCounts;
  readonly skipped: readonly SkippedTest[];
}

export interface GateOptions {
  /** An empty folder for the reports of the test runner. */
  readonly scratch: string;
  /** Where the steps' own output goes. */
  readonly output: Output;
  readonly onStart: (step: Step, index: number) => void;
  readonly onEnd: (result: StepResult) => void;
}

/** Runs the steps one after the other, and stops at the first that fails. */
export async function runGate(steps: readonly Step[], options: GateOptions): Promise<GateResult> {
  const results: StepResult[] = [];
  const countsFile = join(options.scratch, 'tests.json');
  const skipFile = join(options.scratch, 'skipped.json');
  let failed: Step | undefined;
  for (const [index, step] of steps.entries()) {
    options.onStart(step, index);
    const startMs = performance.now();
    const isUnit = step.name === 'unit';
    const command = isUnit ? withReports(step.command, countsFile) : step.command;
    const env = isUnit ? { QUORATE_SKIP_REPORT: skipFile } : {};
    const code = await passThrough(command, { env, output: options.output });
    const seconds = (performance.now() - startMs) / 1000;
    const result = { name: step.name, ok: code === 0, seconds };
    results.push(result);
    options.onEnd(result);
    if (code !== 0) {
      failed = step;
      break;
    }
  }
  return { steps: results, failed, tests: readCounts(countsFile), skipped: readSkipped(skipFile) };
}

/** The runner keeps its own output, and writes beside it what the gate's last line is counted from. */
function withReports(command: Command, countsFile: string): Command {
  return [
    ...command,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${countsFile}`,
    `--reporter=${join(ROOT, 'scripts/gate/skip-reporter.ts')}`,
  ];
}
