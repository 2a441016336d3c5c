import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Folder, keyLines, mainFile, runProcess } from './run-command.ts';

describe('as a process', () => {
  test('a reader that stops early (| head) is no failure and nothing is said', async () => {
    using folder = new Folder();
    const from = folder.write('from.json', ['a', 'b', 'c']);
    const to = folder.write('to.json', ['d', 'e', 'f']);
    // Far more than a pipe holds, so that the command is still writing when its reader has gone.
    const args = ['ring', 'diff', '--from', from, '--to', to, '-a', 'ring:vnodes=5000', '--json'];
    const child = spawn(process.execPath, [mainFile, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    let stderr = '';
    child.stderr.on('data', chunk => (stderr += String(chunk)));
    const [first] = (await once(child.stdout, 'data')) as [Buffer];
    child.stdout.destroy();
    const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
    expect(first.toString()).toContain('quorate-ring-diff/1');
    expect({ code, signal, stderr }).toEqual({ code: 0, signal: null, stderr: '' });
  });

  test('a failure ends it although whoever writes its stdin holds it open', async () => {
    using folder = new Folder();
    const nodes = folder.write('nodes.json', ['a', 'b']);
    const child = spawn(process.execPath, [mainFile, 'ring', 'analyze', '-n', nodes]);
    let stderr = '';
    child.stderr.on('data', chunk => (stderr += String(chunk)));
    child.stdin.on('error', () => {});
    // Too long for a key, and never ended.
    child.stdin.write('x'.repeat(1024 * 1024 + 1));
    const [code] = (await once(child, 'close')) as [number | null];
    expect({ code, stderr }).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('Key 1 is longer than'),
    });
    child.stdin.destroy();
  });

  test('a million keys in bounded memory, repeats told apart', async () => {
    using folder = new Folder();
    const nodes = folder.write('nodes.json', ['a', 'b', 'c']);
    const keys = folder.write(
      'keys.txt',
      keyLines(500_000, 'a/rather/long/prefix/of/a/key/'.repeat(3)).repeat(2),
    );
    const args = ['ring', 'analyze', '-n', nodes, '-k', keys, '-a', 'ring', '--json'];
    const child = spawn(process.execPath, ['--max-old-space-size=64', mainFile, ...args]);
    let stdout = '';
    child.stdout.on('data', chunk => (stdout += String(chunk)));
    const [code] = (await once(child, 'close')) as [number | null];
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ keys: { requests: 1_000_000, distinct: 500_000 } });
  });

  test('help has examples first and the exit codes, and is no failure; --version is the package’s', async () => {
    const help = await runProcess(['ring', 'analyze', '--help']);
    expect(help).toMatchObject({ code: 0, stderr: '' });
    expect(help.stdout.startsWith('Examples:\n')).toBe(true);
    expect(help.stdout.indexOf('Examples:')).toBeLessThan(help.stdout.indexOf('Usage:'));
    expect(help.stdout).toContain('Exit codes:');
    const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
      version: string;
    };
    expect(await runProcess(['--version'])).toMatchObject({ code: 0, stdout: `${version}\n` });
  });

  test('without a command: the help, on stderr, and the exit code of a wrong command line', async () => {
    const finished = await runProcess([]);
    expect(finished).toMatchObject({ code: 2, stdout: '' });
    expect(finished.stderr).toContain('Usage: quorate');
  });
});
