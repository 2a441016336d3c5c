import { cpSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { takeBenchLock } from '../src/run/bench-lock.ts';
import { CheckRepository } from './check-repository.ts';

const repository = new CheckRepository();
const nothingLeft = { left: [], worktrees: [] };

vi.setConfig({ testTimeout: 120_000 });

beforeAll(() => {
  // A commit whose lock file does not have what a manifest asks for.
  repository.git('checkout', '--quiet', '-b', 'uninstallable');
  const manifest = readFileSync(join(repository.root, 'bench/package.json'), 'utf8');
  repository.write('bench/package.json', manifest.replace('"piscina"', '"nothing": "1.0.0", "piscina"'));
  repository.commit('uninstallable');
  repository.git('checkout', '--quiet', 'main');
  // What cannot be read, beside what is right.
  repository.write('bench/empty/empty.ts', "export default { name: 'empty', about: '', benches: [] };\n");
  repository.write('bench/unloadable/throws.ts', "throw new Error('It does not load');\n");
  const late = readFileSync(join(repository.root, 'bench/suites/sample.ts'), 'utf8').replace(
    "'sample'",
    "'late'",
  );
  repository.write(
    'bench/late/late.ts',
    `${late}setImmediate(() => { throw new Error('It throws later'); });\n`,
  );
});
afterAll(() => repository[Symbol.dispose]());

describe('pnpm bench:check', () => {
  it('prints help, and what would be compared from which change on, without measuring', async () => {
    const [help, list] = await Promise.all([
      repository.run('--help'),
      repository.run('--list', 'steady', '--min-effect', '5%'),
    ]);
    expect([help.code, list.code]).toEqual([0, 0]);
    expect(help.stdout).toMatch(/^Usage: pnpm bench:check --base REF /);
    expect(list.stdout).toBe('sample/steady · @quorate/sample: a change of 5 % counts\n');
    expect([help.stderr, list.stderr]).toEqual(['', '']);
  });

  it.each([
    [['sample'], 'Option --base must name the commit to compare with'],
    [['--base', 'before', '--fast'], "Unknown option '--fast'"],
    [['--base', 'before', 'no-such-bench'], 'No bench fits "no-such-bench"; the suites are canary, sample'],
    [['--base', 'before', '--param', 'nodes=1'], 'Parameter "nodes" is not one of the chosen benches'],
    [['--base', 'before', '--keys', '/no/such/file'], 'Keys must come from words, trace or a file'],
    [
      ['--base', 'before', '--suites', '/no/such/folder'],
      'Option --suites must name a folder that can be read',
    ],
    [['--base', 'before', '--suites', 'packages'], 'received "packages", which has none'],
    [
      ['--base', 'before', '--summary', '/no/such/file'],
      'Option --summary must name a file that can be written',
    ],
    [['--from', 'no-such-report'], 'Option --from must name a report in JSON: ENOENT'],
    [['--from', 'package.json'], 'Option --from must name a report of bench:check'],
    [
      ['--from', 'package.json', '--html', '/no/such/file'],
      'Option --html must name a file that can be written',
    ],
  ])('answers %j with a clear error and 64, before it builds anything', async (args, message) => {
    const { code, stdout, stderr, left } = await repository.run(...args);
    expect(stderr).toContain(message);
    expect(stderr).toMatch(/^.+\npnpm bench:check --help lists the options\n$/);
    expect([code, stdout]).toEqual([64, '']);
    expect({ left, worktrees: repository.worktrees() }).toEqual(nothingLeft);
  });

  it.each([
    [['--base', 'nowhere'], 'Base must be a commit: received "nowhere", which git does not know'],
    [['--base', 'uninstallable'], 'Dependencies of uninstallable must install: pnpm ended with 1\n'],
    [['--base', 'before', '--suites', 'bench/empty'], 'Suite "empty" must have a bench: received none'],
    [
      ['--base', 'before', '--suites', 'bench/unloadable'],
      'throws.ts must load: Error: It does not load\n    at ',
    ],
    [['--base', 'before', '--suites', 'bench/late'], 'Error: It throws later\n    at '],
  ])('answers %j with what is wrong and 3', async (args, message) => {
    const { code, stdout, stderr, left } = await repository.run(...args);
    expect(stderr).toContain(message);
    expect(stderr.split('It does not load').length).toBeLessThanOrEqual(2);
    expect([code, stdout]).toEqual([3, '']);
    expect({ left, worktrees: repository.worktrees() }).toEqual(nothingLeft);
  });

  it('says what brings the base into a shallow clone', async () => {
    const clone = repository.shallowClone();
    const { code, stderr } = await repository.start(['--base', 'HEAD^'], { root: clone }).ended;
    expect(stderr).toContain('received "HEAD^", which git does not know in this shallow clone');
    expect(stderr).toContain('"git fetch --unshallow" brings it');
    expect(code).toBe(3);
  });

  it('does not take a harness that does not load for a regression', async () => {
    const file = join(repository.root, 'bench/src/check/outcome.ts');
    const kept = repository.path('outcome.ts');
    cpSync(file, kept);
    repository.write('bench/src/check/outcome.ts', 'export const nothing = 1;\n');
    const { code, stdout, stderr } = await repository.run('--base', 'before');
    renameSync(kept, file);
    expect(stderr).toContain("does not provide an export named 'outcomeOf'");
    expect([code, stdout]).toEqual([3, '']);
  });

  it('refuses to run beside another bench, with 75', async () => {
    const temporary = repository.temporaryFolder();
    using _lock = takeBenchLock(join(temporary, 'quorate-bench-lock'));
    const { code, stderr, left } = await repository.start(['--base', 'before'], { temporary }).ended;
    expect(stderr).toBe(
      `Another bench runs on this machine, process ${process.pid}: wait for it, or end it\n`,
    );
    expect(code).toBe(75);
    expect({ left, worktrees: repository.worktrees() }).toEqual(nothingLeft);
  });

  it('minds no reader who has seen enough', async () => {
    const { child, ended } = repository.start(['--list']);
    child.stdout?.destroy();
    const { code, stderr } = await ended;
    expect([code, stderr]).toEqual([0, '']);
  });
});
