import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const run = promisify(execFile);
const script = join(import.meta.dirname, 'hashes.ts');

test('other processes, and either pump, come to the same hashes', async () => {
  const [one, other, ticks] = await Promise.all([
    run(process.execPath, [script]),
    run(process.execPath, [script, 'checkpoint']),
    run(process.execPath, [script, 'ticks']),
  ]);
  expect(one.stdout.match(/^\d ok [0-9a-f]{16}$/gm)).toHaveLength(6);
  expect(other.stdout).toBe(one.stdout);
  expect(ticks.stdout).toBe(one.stdout);
});
