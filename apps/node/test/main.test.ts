import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createToken } from '@quorate/node';
import { expect, test } from 'vitest';

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));

test('a process whose supervisor is gone before it has started ends, and takes its folder along', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'quorate-leash-'));
  const child = fork(main, [], { env: {}, execArgv: ['--disable-warning=ExperimentalWarning'] });
  const exit = once(child, 'exit', { signal: AbortSignal.timeout(100_000) });
  try {
    const tokens = { clientToken: createToken(), peerToken: createToken() };
    child.send({ type: 'start', id: 'n1', folder, ...tokens }, () => child.disconnect());
    expect(await exit).toEqual([0, null]);
    expect(existsSync(folder)).toBe(false);
  } finally {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
});
