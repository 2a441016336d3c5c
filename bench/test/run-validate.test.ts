import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { runValidate } from '../src/cli/run-validate.ts';
import { methodDigest } from '../src/validate/method-digest.ts';
import { appendResult } from '../src/validate/results-file.ts';
import type { Findings } from '../src/validate/summary.ts';
import { runOf } from './validation-runs.ts';

const folder = mkdtempSync(join(tmpdir(), 'quorate-run-validate-test-'));
const method = methodDigest(fileURLToPath(new URL('..', import.meta.url)));

afterAll(() => rmSync(folder, { recursive: true }));

/** What the report of these runs says. */
async function reportOf(name: string, methods: readonly string[]) {
  const file = join(folder, name);
  for (const own of methods) appendResult(file, runOf({ method: own }));
  let [stdout, stderr] = ['', ''];
  const code = await runValidate({
    args: ['--report', '--json', '--results', file],
    stdout: { write: (text: string) => void (stdout += text) },
    stderr: { write: (text: string) => void (stderr += text) },
    signal: new AbortController().signal,
  } as unknown as Parameters<typeof runValidate>[0]);
  return { code, stderr, findings: JSON.parse(stdout) as Findings[] };
}

describe('pnpm bench:validate --report', () => {
  it('leaves out runs by other code, and says how many', async () => {
    const { code, stderr, findings } = await reportOf('mixed', [
      method,
      'abcdef012345',
      method,
      '0'.repeat(12),
    ]);
    expect(code).toBe(0);
    expect(stderr).toBe(`Left out: 2 runs by other code than this, whose digest is ${method}\n`);
    expect(findings.map(({ condition, runs }) => [condition, runs])).toEqual([
      ['quiet', 2],
      ['all', 2],
    ]);
  });

  it('says nothing of others where there are none', async () => {
    const { stderr, findings } = await reportOf('own', [method, method, method]);
    expect(stderr).toBe('');
    expect(findings.at(-1)).toMatchObject({ condition: 'all', runs: 3 });
  });

  it('has no findings where all are by other code', async () => {
    const { stderr, findings } = await reportOf('others', ['abcdef012345']);
    expect(stderr).toMatch(/^Left out: 1 run/);
    expect(findings).toMatchObject([{ condition: 'all', runs: 0, falseAlarms: null }]);
  });
});
