import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { takeBenchLock } from '../src/run/bench-lock.ts';
import { eventually, isRunning } from './processes.ts';

const folder = mkdtempSync(join(tmpdir(), 'quorate-bench-main-'));
const fixtures = fileURLToPath(new URL('fixtures/suites', import.meta.url));
const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const schema = JSON.parse(
  readFileSync(new URL('../schema/quorate-bench-1.json', import.meta.url), 'utf8'),
) as object;
const running: ChildProcess[] = [];
const measured: number[] = [];

// Each of these starts a dozen processes; a busy machine takes its time.
vi.setConfig({ testTimeout: 90_000 });

afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
  // Where a test fails that a process ends, the process must end all the same.
  for (const pid of measured.splice(0)) if (isRunning(pid)) process.kill(pid, 'SIGKILL');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The real command, with a temporary folder of its own, where its lock is too. */
function start(args: readonly string[], environment: Record<string, string> = {}) {
  const child = spawn(process.execPath, [main, ...args], {
    env: { ...process.env, TMPDIR: folder, NO_COLOR: '', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.push(child);
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (data: Buffer) => (output.stdout += data.toString()));
  child.stderr.on('data', (data: Buffer) => (output.stderr += data.toString()));
  const ended = once(child, 'close').then(([code]) => ({ ...output, code: code as number | null }));
  return { child, ended };
}

const run = async (...args: string[]) => start(args).ended;

describe('pnpm bench', () => {
  it('prints help and the list of suites without measuring', async () => {
    const [help, list] = await Promise.all([run('--help'), run('--list')]);
    expect([help.code, list.code]).toEqual([0, 0]);
    for (const option of [
      '--profile',
      '--threads',
      '--param',
      '--seed',
      '--keys',
      '--list',
      '--json',
      '--html',
    ]) {
      expect(help.stdout).toContain(option);
    }
    expect(list.stdout).toMatch(/^ring\n {2}lookup {2}nodes=100 keys=100000\n/m);
    expect(list.stdout).toContain('contenders: @quorate/ring, hashring, ketama, consistent-hash\n');
    expect(list.stdout).toContain('goal: @quorate/ring / hashring ≤ 1/20\n');
    expect(list.stdout).not.toContain('selftest');
  });

  it.each([
    [['--fast'], "Unknown option '--fast'"],
    [['--profile', 'slow'], 'received "slow"'],
    [['no-such-bench'], 'No bench fits "no-such-bench"; the suites are '],
    [['core', '--param', 'nodes=1'], 'Parameter "nodes" is not one of the chosen benches'],
    [['core', '--keys', '/no/such/file'], 'Keys must come from words, trace or a file'],
    [
      ['core', '--json', '/no/such/folder/file'],
      'Option --json must name a file that can be written: ENOENT',
    ],
    [['core', '--html', '.'], 'Option --html must name a file: received the folder "."'],
  ])('answers %j with a clear error and 64', async (args, message) => {
    const { code, stdout, stderr } = await run(...args);
    expect(code).toBe(64);
    expect(stdout).toBe('');
    expect(stderr).toContain(message);
    expect(stderr).not.toContain('    at ');
  });

  it('measures, and with --json - writes nothing but a report that fits its schema', async () => {
    const html = join(folder, 'page.html');
    const { code, stdout, stderr } = await run(
      'tiny',
      '--suites',
      fixtures,
      '--json',
      '-',
      '--html',
      html,
      '--seed',
      '5',
    );
    expect(stderr).toContain('8/11 tiny/powers count=20000\n11/11 tiny/memory count=1000\n');
    expect(stderr).not.toContain('\u001b');
    expect(code).toBe(0);
    const report = JSON.parse(stdout) as Record<string, unknown>;
    const validate = new Ajv({ allErrors: true, strictTypes: false }).compile(schema);
    expect(validate(report), JSON.stringify(validate.errors)).toBe(true);
    expect(report).toMatchObject({
      schema: 'quorate-bench/1',
      env: { profile: 'quick', seed: 5 },
      suites: [
        {
          name: 'tiny',
          benches: [
            { name: 'powers', contender: '<b>first</b>', params: { count: 20_000 }, status: 'ok' },
            { contender: 'second' },
            { contender: 'fixed', amount: { median: 8000, lo: 8000, hi: 8000 } },
            { contender: 'never', status: 'skipped', why: 'it is never weighed' },
          ],
          ratios: [
            { bench: 'powers', of: '<b>first</b>', to: 'second', goal: { atMost: 50, verdict: 'met' } },
          ],
        },
      ],
    });
    expect(readFileSync(html, 'utf8')).toContain('<svg');
    // A report that lacks what it must have is not let through.
    expect(validate({ ...report, env: undefined })).toBe(false);
    expect(validate({ ...report, more: 1 })).toBe(false);
    expect(
      readdirSync(folder).filter(name => name.startsWith('quorate-bench-') && name !== 'quorate-bench-lock'),
    ).toEqual([]);
  });

  it('measures the rest when a bench fails, says which and why, and exits with 1', async () => {
    const { code, stdout } = await run(
      'broken/returns',
      'broken/disagrees',
      'tiny/mem',
      '--suites',
      fixtures,
    );
    expect(stdout).toContain('failed: only: Bench must return an integer checksum: received undefined');
    expect(stdout).toMatch(/fixed +7\.81 KiB/);
    expect(stdout).not.toContain('\u001b');
    expect(code).toBe(1);
  });

  it('refuses to run beside another bench, with 75', async () => {
    const mark = join(folder, 'busy-mark');
    const first = start(['broken/never', '--suites', fixtures], { QUORATE_BENCH_TEST_MARK: mark });
    await eventually('The start of the kernel', () => existsSync(mark) && readFileSync(mark, 'utf8') !== '');
    measured.push(Number(readFileSync(mark, 'utf8')));
    const { code, stderr } = await run('tiny/mem', '--suites', fixtures);
    expect(stderr).toContain(`process ${first.child.pid}`);
    expect(code).toBe(75);
    first.child.kill('SIGINT');
    await first.ended;
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGKILL', null],
  ] as const)('leaves no process behind after %s', async (signal, expected) => {
    const mark = join(folder, `mark-${signal}`);
    const { child, ended } = start(['broken/never', '--suites', fixtures], { QUORATE_BENCH_TEST_MARK: mark });
    await eventually('The start of the kernel', () => existsSync(mark) && readFileSync(mark, 'utf8') !== '');
    const pid = Number(readFileSync(mark, 'utf8'));
    measured.push(pid);
    expect(isRunning(pid)).toBe(true);
    child.kill(signal);
    const { code, stdout } = await ended;
    expect(code).toBe(expected);
    expect(stdout).toBe('');
    await eventually('The end of the measured process', () => !isRunning(pid));
    // Nor does it keep the lock. Killed, it cannot have given it back: the next one sees that its holder is gone.
    using _lock = takeBenchLock(join(folder, 'quorate-bench-lock'));
  });
});
