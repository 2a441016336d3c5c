import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type GateResult, runGate } from '../gate/run-gate.ts';
import type { Step } from '../gate/steps.ts';
import { countsLine } from '../gate/test-report.ts';
import { ROOT, bin, capture } from '../run-command.ts';

let scratch = '';
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'quorate-gate-test-'));
});
afterEach(() => rmSync(scratch, { recursive: true, force: true }));

function step(name: string, ...script: readonly string[]): Step {
  const command = [process.execPath, '-e', script.join(';')] as const;
  return { name, summary: name, command, rerun: `run ${name}` };
}

function run(steps: readonly Step[]): Promise<GateResult> {
  return runGate(steps, { scratch, output: 'nowhere', onStart: () => {}, onEnd: () => {} });
}

/** The real runner over one file, without the repository's own configuration. */
function unitStep(text: string): Step {
  writeFileSync(join(scratch, 'a.test.mjs'), text);
  const command = bin('vitest', 'run', `--root=${scratch}`, '--globals');
  return { name: 'unit', summary: 'tests', command, rerun: 'run unit' };
}

describe('the gate', () => {
  test('steps run in order, and the first that fails is the last', async () => {
    const result = await run([step('one'), step('two', 'process.exit(3)'), step('three')]);
    expect(result.steps.map(({ name, ok }) => [name, ok])).toEqual([
      ['one', true],
      ['two', false],
    ]);
    expect(result.failed?.rerun).toBe('run two');
  });

  test('counts and reasons are the runner’s', async () => {
    const cases = `
      test('a', () => {}); test('b', () => {}); test('c', () => { throw new Error('no'); });
      describe('group', () => { test('d', ctx => ctx.skip('needs a thing')); });
      test.skip('e', () => {});`;
    const result = await run([unitStep(cases)]);
    expect(result.failed?.name).toBe('unit');
    expect(countsLine(result.tests)).toBe('2 passed, 1 failed, 2 skipped');
    expect(result.skipped.map(({ name, reason }) => [name, reason])).toEqual([
      ['group > d', 'needs a thing'],
      ['e', null],
    ]);
  });

  test('a test file that does not load is a failure, not silence', async () => {
    const result = await run([unitStep(`import './gone.mjs'; test('a', () => {});`)]);
    expect(result.failed?.name).toBe('unit');
    expect(countsLine(result.tests)).toBe('0 passed, 1 failed, 0 skipped');
  });

  test('without a run of the tests nothing is counted', async () => {
    expect(countsLine((await run([step('one')])).tests)).toBe('0 passed, 0 failed, 0 skipped');
  });

  test('an unknown step is refused by name', async () => {
    const gate = join(ROOT, 'scripts/gate.ts');
    const refused = await capture([process.execPath, gate, '--only', 'format,typos']);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('No step is called "typos"');
  });
});
