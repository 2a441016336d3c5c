import { describe, expect, test } from 'vitest';
import { imports } from '../../tidy/imports.ts';
import { WORKSPACE, findings, manifest } from './fixture.ts';

function inFile(file: string, text: string, more: Readonly<Record<string, string>> = {}): readonly string[] {
  return findings(imports, { ...WORKSPACE, ...more, [file]: text });
}

describe('who may import whom', () => {
  test('what the table allows passes', () => {
    const text = `import { nodeId } from '@quorate/core'; import { inspect } from 'node:util'; export * from './b.ts';`;
    expect(inFile('packages/ring/src/a.ts', text)).toEqual([]);
  });

  test.each([
    ['a value import', `import { x } from '@quorate/threads';`],
    ['a type import', `import type { X } from '@quorate/threads';`],
    ['a type in the middle of a type', `export type A = import('@quorate/threads/port').Port;`],
    ['a dynamic import', `export const a = import('@quorate/threads');`],
    ['a re-export', `export * from '@quorate/threads';`],
    ['a worker by URL', `export const url = import.meta.resolve('@quorate/threads/worker');`],
    ['require', `const x = require('@quorate/threads');`],
  ])('a sibling is refused: %s', (_, text) => {
    expect(inFile('packages/ring/src/a.ts', text)).toEqual([
      'packages/ring/src/a.ts:1: ring may not import @quorate/threads (it may import core)',
    ]);
  });

  test('core imports nothing', () => {
    const found = inFile('packages/core/src/a.ts', `\nimport '@quorate/ring';`);
    expect(found).toEqual([
      'packages/core/src/a.ts:2: core may not import @quorate/ring (it may import nothing)',
    ]);
  });

  test('a dependency that package.json does not have is refused', () => {
    const bare = { 'packages/ring/package.json': manifest('ring') };
    const found = inFile('packages/ring/src/a.ts', `import '@quorate/core';`, bare);
    expect(found).toEqual([
      "packages/ring/src/a.ts:1: @quorate/core is imported but not in package.json's dependencies",
    ]);
  });

  test('tests may use the test kit if package.json has it, sources may not', () => {
    const devDependencies = { '@quorate/sim': 'workspace:^' };
    const more = {
      'packages/ring/package.json': manifest('ring', { devDependencies }),
      'packages/sim/package.json': manifest('sim'),
    };
    const text = `import '@quorate/sim';`;
    expect(inFile('packages/ring/test/a.test.ts', text, more)).toEqual([]);
    expect(inFile('packages/ring/src/a.ts', text, more)).toHaveLength(1);
    expect(inFile('packages/ring/test/a.test.ts', `import '@quorate/threads';`, more)).toEqual([
      'packages/ring/test/a.test.ts:1: ring may not import @quorate/threads even in tests (it may import core, conformance, sim, engine-memory, interleaving, servers)',
    ]);
  });

  test('a source stays in its package and away from its tests', () => {
    const test = { 'packages/ring/test/oracle.ts': 'export const a = 1;' };
    expect(inFile('packages/ring/src/a.ts', `import '../../core/src/ids.ts';`)[0]).toContain(
      'leaves packages/ring',
    );
    expect(inFile('packages/ring/src/a.ts', `import '../test/oracle.ts';`, test)[0]).toContain(
      'imports the test file',
    );
  });

  test('only the host and entry points import the host', () => {
    const host = {
      'packages/ring/src/host/disk.ts': '',
      'packages/ring/package.json': manifest('ring', { exports: { '.': './src/index.ts' } }),
    };
    expect(inFile('packages/ring/src/pure.ts', `import './host/disk.ts';`, host)[0]).toContain('does I/O');
    expect(inFile('packages/ring/src/index.ts', `export * from './host/disk.ts';`, host)).toEqual([]);
    expect(inFile('packages/ring/src/host/run.ts', `import './disk.ts';`, host)).toEqual([]);
  });

  test('a published source imports nothing from outside the workspace, peers aside', () => {
    expect(inFile('packages/ring/src/a.ts', `import 'fs';`)[0]).toContain('"fs" is outside the workspace');
    const peers = { peerDependencies: { lmdb: '^3.0.0' } };
    const more = { 'packages/engine-lmdb/package.json': manifest('engine-lmdb', peers) };
    expect(inFile('packages/engine-lmdb/src/a.ts', `import 'lmdb';`, more)).toEqual([]);
  });

  test('a package that the table does not know is refused, an app is not', () => {
    const more = { 'packages/gossip/package.json': manifest('gossip') };
    expect(inFile('packages/gossip/src/a.ts', '', more)[0]).toContain('does not say what gossip may import');
    const app = {
      'apps/cli/package.json': manifest('cli', { dependencies: { '@quorate/ring': 'workspace:^' } }),
    };
    expect(inFile('apps/cli/src/a.ts', `import '@quorate/ring'; import 'commander';`, app)).toEqual([]);
  });
});
