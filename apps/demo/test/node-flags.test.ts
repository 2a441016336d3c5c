import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { nodeFlags, permissionModel } from '../src/node-flags.ts';

/** What a program under the nodes' flags is told when it tries something. */
function attempt(code: string, folder?: string): string {
  const body = `try { ${code}; console.log('done') } catch (error) { console.log(error.code ?? error.message) }`;
  const run = spawnSync(process.execPath, [...nodeFlags(folder), '--input-type=commonjs', '-e', body], {
    encoding: 'utf8',
    env: {},
  });
  expect(run.stderr).toBe('');
  return run.stdout.trim();
}

const target = join(tmpdir(), 'quorate-node-was-here');

describe.skipIf(!permissionModel)('a node (needs a Node whose permission model covers the network)', () => {
  test.each([
    ['write a file', `require('node:fs').writeFileSync(${JSON.stringify(target)}, 'x')`],
    ['read outside the sources', `require('node:fs').readFileSync('/etc/hostname')`],
    ['start a process', `require('node:child_process').spawnSync('true')`],
    ['start a thread', `new (require('node:worker_threads').Worker)('1', { eval: true })`],
  ])('cannot %s', (_what, code) => {
    expect(attempt(code)).toBe('ERR_ACCESS_DENIED');
    expect(existsSync(target)).toBe(false);
  });
});

test('a node with a folder of its own can write there', () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'quorate-flags-')));
  const write = (path: string): string =>
    attempt(`require('node:fs').writeFileSync(${JSON.stringify(path)}, 'x')`, folder);
  expect(write(join(folder, 'a'))).toBe('done');
  expect(readFileSync(join(folder, 'a'), 'utf8')).toBe('x');
  if (permissionModel) {
    expect(write(target)).toBe('ERR_ACCESS_DENIED');
    expect(write(`${folder}-beside`)).toBe('ERR_ACCESS_DENIED');
  }
  // As a node does whose supervisor is gone.
  const removal = `require('node:fs').rmSync(${JSON.stringify(folder)}, { recursive: true })`;
  expect(attempt(removal, folder)).toBe('done');
  expect(existsSync(folder)).toBe(false);
});

test('a node can listen and read its own sources, and has no __proto__', () => {
  expect(attempt(`require('node:net').createServer().listen(0, '127.0.0.1').unref()`)).toBe('done');
  expect(attempt(`require('node:fs').readFileSync(${JSON.stringify(import.meta.filename)})`)).toBe('done');
  expect(attempt(`if ('__proto__' in {}) throw new Error('it has')`)).toBe('done');
});
