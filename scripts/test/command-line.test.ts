import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type CommandResult, ROOT, capture } from '../run-command.ts';

function run(script: string, ...args: readonly string[]): Promise<CommandResult> {
  return capture([process.execPath, join(ROOT, 'scripts', `${script}.ts`), ...args]);
}

describe.concurrent('the command line of a script', () => {
  test.each(['build', 'gate', 'pack-check', 'release', 'tidy'])(
    '%s: a word that it does not know is exit code 2, a sentence and the usage',
    async script => {
      const { code, stdout, stderr } = await run(script, '--dry-rnu');
      expect([code, stdout]).toEqual([2, '']);
      expect(stderr).toMatch(/^Unknown option '--dry-rnu'/);
      expect(stderr).toMatch(/\n\npnpm [a-z-]+: /);
    },
  );

  test('help is on stdout with exit code 0, the steps of the gate included', async () => {
    const { code, stdout, stderr } = await run('gate', '-h');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^pnpm test: .*\n\n(?:.|\n)*\nformat {3}every file/);
  });

  test('a folder of tarballs that is not there is named', async () => {
    const { code, stderr } = await run('pack-check', '--tarballs', '/nowhere/tarballs');
    expect([code, stderr]).toEqual([2, 'There is no folder /nowhere/tarballs\n']);
  });
});
