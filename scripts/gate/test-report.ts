import { existsSync, readFileSync } from 'node:fs';
import type { SkippedTest } from './skip-reporter.ts';

/** What the test runner says of its run; nothing here is counted by us. */
export interface TestCounts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

interface RunnerReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly {
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string }[];
  }[];
}

export const NO_TESTS: TestCounts = { passed: 0, failed: 0, skipped: 0 };

/** Reads vitest's JSON report; no tests where the run ended before it was written. */
export function readCounts(file: string): TestCounts {
  if (!existsSync(file)) return NO_TESTS;
  const report = JSON.parse(readFileSync(file, 'utf8')) as RunnerReport;
  // A file that does not load has no tests that could fail: it is one failure itself.
  const brokenFiles = report.testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && assertionResults.every(test => test.status !== 'failed'),
  );
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + brokenFiles.length,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

export function readSkipped(file: string): readonly SkippedTest[] {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as readonly SkippedTest[]) : [];
}

/** The gate's last line. */
export function countsLine({ passed, failed, skipped }: TestCounts): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}
