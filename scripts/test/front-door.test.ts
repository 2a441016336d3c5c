import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { publishedPackages } from '../published-packages.ts';
import { ROOT } from '../run-command.ts';

const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');
const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };

describe('what a newcomer meets', () => {
  test.each(['README.md', 'README.zh-CN.md', 'CONTRIBUTING.md', '.changeset/README.md'])(
    '%s names scripts that exist',
    file => {
      const named = [...read(file).matchAll(/npx --yes pnpm@12 ([\w:-]+)/g)].map(match => match[1] ?? '');
      expect(named.length).toBeGreaterThan(0);
      for (const name of named) expect(Object.keys(scripts)).toContain(name);
    },
  );

  test('CI installs from the lock file first, and ends with the test command of the README', () => {
    const commands = read('.ci/run')
      .split('\n')
      .filter(line => line.startsWith('npx '));
    expect(commands[0]).toMatch(/^npx --yes pnpm@12 install --frozen-lockfile\b/);
    expect(commands.at(-1)).toMatch(/^npx --yes pnpm@12 test\b/);
    expect(read('README.md')).toContain('npx --yes pnpm@12 test ');
  });

  test('what is published is ordered by dependency', () => {
    const names = publishedPackages(ROOT).map(({ manifest }) => manifest.name ?? '');
    for (const { manifest } of publishedPackages(ROOT)) {
      for (const dependency of Object.keys(manifest.dependencies ?? {})) {
        expect(names.indexOf(dependency)).toBeLessThan(names.indexOf(manifest.name ?? ''));
      }
    }
  });
});
