import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { drainOnSignals } from '../src/index.ts';

it('ends a process in order when it is told to: what runs ends, what has not begun goes back', async () => {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'fixtures/drained-process.ts')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    if (output === 'started a\n') child.kill('SIGTERM');
  });
  const code = await new Promise<number | null>(resolve => child.once('close', resolve));
  expect(output).toBe('started a\nended a\n1 ready, 0 leased\n');
  expect(code).toBe(143);
});

it('ends a process at once when it is told a second time', async ({ signal: over }) => {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'fixtures/stuck-process.ts')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      if (output === 'started\n' || output === 'started\ntold to end\n') child.kill('SIGTERM');
    });
    const [code, signal] = await once(child, 'close', { signal: over });
    expect(output).toBe('started\ntold to end\n');
    expect([code, signal]).toEqual([null, 'SIGTERM']);
  } finally {
    child.kill('SIGKILL');
  }
});

it('refuses a deadline that is none, before it is told to end', () => {
  expect(() => drainOnSignals([], { deadlineMs: Number.NaN })).toThrow(
    'Deadline in ms must be a number of at least 0: received NaN',
  );
});
