import { writeFileSync } from 'node:fs';
import type { Reporter, TestModule } from 'vitest/node';

/** A test that did not run, and why; the runner's own JSON report leaves out the second. */
export interface SkippedTest {
  readonly project: string;
  readonly name: string;
  readonly reason: string | null;
}

/** Writes the skipped tests, with the reason given to `ctx.skip(…)`, to the file that the gate named. */
export default class SkipReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const file = process.env['QUORATE_SKIP_REPORT'];
    if (file === undefined) return;
    const skipped: SkippedTest[] = [];
    for (const module of modules) {
      for (const test of module.children.allTests('skipped')) {
        const result = test.result();
        const reason = result.state === 'skipped' ? (result.note ?? null) : null;
        skipped.push({ project: module.project.name, name: test.fullName, reason });
      }
    }
    writeFileSync(file, JSON.stringify(skipped));
  }
}
