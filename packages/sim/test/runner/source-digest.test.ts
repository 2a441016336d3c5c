import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { sourceDigests } from '../../src/host/runner/source-digest.ts';

const folder = mkdtempSync(join(tmpdir(), 'quorate-digest-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function digest(name: string, files: Readonly<Record<string, string>>): string {
  const own = join(folder, name);
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(join(own, file, '..'), { recursive: true });
    writeFileSync(join(own, file), text);
  }
  return sourceDigests(join(own, 'scenario.ts')).scenario;
}

const files = {
  'scenario.ts': "import { part } from './parts/part.ts';\nimport 'node:fs';\nexport { part };\n",
  'parts/part.ts': 'export const part = 1;\n',
  'parts/beside.ts': 'export const beside = 1;\n',
};

describe('digest of the sources', () => {
  test('does not depend on the folder, line ends, or files that are not imported', () => {
    const one = digest('one', files);
    expect(one).toMatch(/^[0-9a-f]{8}$/);
    expect(digest('other', files)).toBe(one);
    const windows = Object.fromEntries(
      Object.entries(files).map(([name, text]) => [name, text.replaceAll('\n', '\r\n')]),
    );
    expect(digest('windows', windows)).toBe(one);
    expect(digest('beside', { ...files, 'parts/beside.ts': 'export const beside = 2;\n' })).toBe(one);
  });

  test('changes with what is imported', () => {
    const one = digest('one', files);
    expect(digest('changed', { ...files, 'parts/part.ts': 'export const part = 2;\n' })).not.toBe(one);
  });

  test('changes with the version of an installed package', () => {
    const text = "import 'some-package';\n";
    const installed = (version: string) => ({
      'scenario.ts': text,
      'node_modules/some-package/package.json': `{ "name": "some-package", "version": "${version}", "main": "main.js" }`,
      'node_modules/some-package/main.js': '',
    });
    const one = digest('version-1', installed('1.0.0'));
    expect(digest('version-2', installed('2.0.0'))).not.toBe(one);
    expect(digest('version-1-again', installed('1.0.0'))).toBe(one);
  });

  test('the simulator has one of its own', () => {
    digest('one', files);
    const { scenario, simulator } = sourceDigests(join(folder, 'one', 'scenario.ts'));
    expect(simulator).toMatch(/^[0-9a-f]{8}$/);
    expect(simulator).not.toBe(scenario);
  });
});
