import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Mutant, MutantListError, mutate, readMutants } from '../mutants/mutant.ts';
import { ROOT, capture } from '../run-command.ts';

const run = (...args: readonly string[]) =>
  capture([process.execPath, join(ROOT, 'scripts/sim-mutants.ts'), ...args]);

const mutant: Mutant = {
  package: 'some',
  id: 'one',
  says: 'A bug',
  file: 'src/a.ts',
  find: 'a < b',
  replace: 'a <= b$&',
  caughtBy: 'test/a.test.ts',
};

describe('pnpm sim:mutants', () => {
  test('every listed bug still fits the sources', async () => {
    const { code, stdout } = await run('--list');
    expect(code).toBe(0);
    expect(stdout.trim().split('\n')).toHaveLength(readMutants(ROOT).length);
  });

  test('what it replaces must be there once, and be replaced by something else', () => {
    expect(mutate(mutant, 'if (a < b) c();')).toBe('if (a <= b$&) c();');
    expect(() => mutate(mutant, 'if (a > b) c();')).toThrow(
      new MutantListError('What mutant some/one replaces must stand once in src/a.ts: found 0 times'),
    );
    expect(() => mutate(mutant, 'a < b, a < b')).toThrow(/found 2 times/);
    expect(() => mutate({ ...mutant, replace: mutant.find }, 'a < b')).toThrow(/changes nothing/);
  });

  test('an argument that it does not know, and a choice that leaves nothing, are exit code 2', async () => {
    const [jobs, none] = await Promise.all([run('--jobs', 'x'), run('--only', 'no-such-bug')]);
    expect([jobs.code, jobs.stderr]).toEqual([2, '--jobs must be a whole number from 1 to 64: received x\n']);
    expect([none.code, none.stderr]).toEqual([2, 'No mutant has "no-such-bug" in its name\n']);
  });

  test('a bug is caught by a suite that passes without it', async () => {
    const { code, stdout } = await run('--only', 'journal/acknowledges-before-sync', '--json', '--jobs', '1');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ ok: true, mutants: [{ verdict: 'caught' }] });
  }, 240_000);
});
