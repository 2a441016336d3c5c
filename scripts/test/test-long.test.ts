import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type CommandResult, ROOT, capture } from '../run-command.ts';

function run(...args: readonly string[]): Promise<CommandResult> {
  return capture([process.execPath, join(ROOT, 'scripts/test-long.ts'), ...args]);
}

describe('pnpm test:long', () => {
  test('lists the test files that read QUORATE_LONG', async () => {
    const { code, stdout } = await run('--list');
    const files = stdout.trim().split('\n');
    expect(code).toBe(0);
    expect(files.length).toBeGreaterThan(0);
    for (const file of files) {
      expect(file).toMatch(/^(?:packages|apps|bench)\/.*\.test\.ts$/);
      expect(readFileSync(join(ROOT, file), 'utf8')).toContain('QUORATE_LONG');
    }
  });

  test('a word that it does not know is exit code 2, and so is a choice that leaves nothing', async () => {
    const [unknown, none] = await Promise.all([run('--fast'), run('--only', 'no-such-file', '--json')]);
    expect([unknown.code, unknown.stdout]).toEqual([2, '']);
    expect(unknown.stderr).toMatch(/^Unknown option '--fast'/);
    expect([none.code, none.stdout]).toEqual([2, '']);
    expect(none.stderr).toBe('No test file reads QUORATE_LONG and fits "no-such-file"\n');
  });
});
