import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { runCommand } from '../src/check/run-command.ts';
import { eventually, isRunning } from './processes.ts';

const folder = mkdtempSync(join(tmpdir(), 'quorate-run-command-test-'));

afterAll(() => rmSync(folder, { recursive: true }));

function script(name: string, text: string): string {
  const file = join(folder, `${name}.mjs`);
  writeFileSync(file, text);
  return file;
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

describe('runCommand', () => {
  it('tells how a command ended and what it wrote', async () => {
    const file = script('ends', "console.log('out'); console.error('err'); process.exitCode = 3;");
    const end = await runCommand([process.execPath, file], { cwd: folder });
    expect(end).toMatchObject({ code: 3, stdout: 'out\n' });
    expect(end.output.split('\n').sort()).toEqual(['err', 'out']);
  });

  it('has a code for a program that is not there', async () => {
    const end = await runCommand(['no-such-program-here'], { cwd: folder });
    expect(end).toEqual({ code: 127, stdout: '', output: 'spawn no-such-program-here ENOENT' });
  });

  it('ends what the command has started with it, even what will not be told to', async () => {
    const mark = join(folder, 'pid');
    const stubborn = script(
      'stubborn',
      `import { writeFileSync } from 'node:fs';
      process.on('SIGTERM', () => {});
      writeFileSync(${JSON.stringify(mark)}, String(process.pid));
      setInterval(() => {}, 1e6);`,
    );
    const launcher = script(
      'launcher',
      `import { spawn } from 'node:child_process';
      spawn(process.execPath, [${JSON.stringify(stubborn)}], { stdio: 'inherit' });`,
    );
    const controller = new AbortController();
    const { signal } = controller;
    const running = runCommand([process.execPath, launcher], { cwd: folder, signal });
    const outcome = running.then(
      () => 'it ended',
      (error: unknown) => error,
    );
    await eventually('The start of the process', () => read(mark) !== '');
    controller.abort();
    expect(await outcome).toBe(signal.reason);
    // Whoever inherits the process takes a moment to collect it.
    await eventually('The end of the process', () => !isRunning(Number(read(mark))));
  });
});
