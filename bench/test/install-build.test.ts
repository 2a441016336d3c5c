import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BuildError, installBuild } from '../src/check/install-build.ts';

const folder = mkdtempSync(join(tmpdir(), 'quorate-install-build-test-'));
const calls = join(folder, 'calls');
const { signal } = new AbortController();

/** A program that notes how it was called and goes on with `script`, a line for a shell. */
function program(name: string, script: string): string {
  const file = join(folder, name);
  writeFileSync(file, `#!/bin/sh\necho "${name} $*" >> '${calls}'\n${script}\n`);
  chmodSync(file, 0o755);
  return file;
}

const called = (): string[] => readFileSync(calls, 'utf8').trim().split('\n');

beforeEach(() => {
  writeFileSync(calls, '');
  vi.stubEnv('PATH', `${folder}:${process.env['PATH'] ?? ''}`);
  vi.stubEnv('npm_execpath', undefined);
});
afterEach(() => void vi.unstubAllEnvs());
afterAll(() => rmSync(folder, { recursive: true }));

describe('installBuild', () => {
  it('runs the pnpm that started this program', async () => {
    vi.stubEnv('npm_execpath', program('pnpm', 'exit 0'));
    await installBuild(folder, 'the base', signal);
    expect(called()).toEqual([expect.stringMatching(/^pnpm install --frozen-lockfile --prefer-offline /)]);
  });

  it('asks no registry for a pnpm that npx has', async () => {
    program('npx', 'exit 0');
    await installBuild(folder, 'the base', signal);
    expect(called()).toEqual([expect.stringMatching(/^npx --yes --offline pnpm@12 install /)]);
  });

  it('fetches the pnpm that npx has not', async () => {
    program('npx', 'if [ "$2" = --offline ]; then echo "npm error code ENOTCACHED" >&2; exit 1; fi');
    await installBuild(folder, 'the base', signal);
    expect(called()).toEqual([
      expect.stringMatching(/^npx --yes --offline pnpm@12 install /),
      expect.stringMatching(/^npx --yes pnpm@12 install /),
    ]);
  });

  it('says what pnpm said, once, where it fails', async () => {
    program('npx', 'echo "ERR_PNPM_OF_SOME_KIND"; exit 7');
    const installing = installBuild(folder, 'the base', signal);
    await expect(installing).rejects.toThrow(BuildError);
    await expect(installing).rejects.toThrow(
      'Dependencies of the base must install: pnpm ended with 7\nERR_PNPM_OF_SOME_KIND',
    );
    expect(called()).toHaveLength(1);
  });
});
