import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  NODES,
  declarationFaults,
  exportedNames,
  installConsumer,
  loadingFaults,
} from '../pack-check/consumer.ts';
import { contentFaults } from '../pack-check/contents.ts';
import { type Tarball, readTarball } from '../pack-check/tarball.ts';
import { captureOrThrow } from '../run-command.ts';

const MANIFEST = {
  name: 'wrapped',
  version: '1.2.3',
  type: 'module',
  exports: {
    '.': { types: './dist/index.d.ts', default: './dist/index.js' },
    './late': './dist/late.js',
    './empty': './dist/empty.js',
    './closed': null,
    './package.json': './package.json',
  },
};
const LONG = `src/${'long/'.repeat(30)}a.ts`;
const FILES: Readonly<Record<string, string>> = {
  'package.json': JSON.stringify(MANIFEST),
  'README.md': '# wrapped',
  LICENSE: 'x',
  'dist/index.js': "export const one = 1;\nexport { two } from './two.js';\n",
  'dist/index.d.ts': 'export declare const one = 1;\n',
  'dist/two.js': 'export const two = 2;\n',
  'dist/late.js': 'export const late = await Promise.resolve(1);\n',
  'dist/empty.js': 'export {};\n',
  [LONG]: 'export const a = 1;\n',
};

describe('a packed package', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'quorate-pack-test-'));
  let tarball: Tarball;

  beforeAll(async () => {
    for (const [file, text] of Object.entries(FILES)) {
      mkdirSync(dirname(join(scratch, 'wrapped', file)), { recursive: true });
      writeFileSync(join(scratch, 'wrapped', file), text);
    }
    await captureOrThrow(['npm', 'pack', '--pack-destination', scratch], { cwd: join(scratch, 'wrapped') });
    tarball = readTarball(join(scratch, 'wrapped-1.2.3.tgz'));
  });
  afterAll(() => rmSync(scratch, { recursive: true, force: true }));

  const changed = (path: string, text: string | undefined): readonly string[] => {
    const entries = new Map(tarball.entries);
    if (text === undefined) entries.delete(path);
    else entries.set(path, Buffer.from(text));
    return contentFaults({ ...tarball, entries });
  };

  test('the reader finds every file, paths of any length included', () => {
    const texts = [...tarball.entries].map(([path, content]) => [path, content.toString('utf8')]);
    expect(Object.fromEntries(texts)).toEqual(FILES);
    expect(tarball.manifest.version).toBe('1.2.3');
  });

  test('good contents pass', () => {
    expect(contentFaults(tarball)).toEqual([]);
  });

  test.each([
    ['src/a.test.ts', '', 'is a test'],
    ['dist/.tsbuildinfo', '', 'does not belong'],
    ['.env', '', 'does not belong'],
    ['LICENSE', undefined, 'LICENSE is missing'],
    ['dist/late.js', undefined, '"./dist/late.js" of exports is not in the package'],
    ['dist/two.js', undefined, 'dist/index.js names ./two.js'],
    ['dist/two.js', "new Worker(new URL('./two.ts', import.meta.url))", 'dist/two.js names ./two.ts'],
  ])('%s is seen: %s', (path, text, message) => {
    expect(changed(path, text).join('\n')).toContain(message);
  });

  test('a range or a path of the workspace is seen', () => {
    const dependencies = { '@quorate/core': 'workspace:^' };
    const manifest = { ...tarball.manifest, dependencies, exports: { '.': './src/index.ts' } };
    const faults = contentFaults({ ...tarball, manifest }).join('\n');
    expect(faults).toContain('workspace:');
    expect(faults).toContain('points at a source');
  });

  test('what require cannot load, and what exports nothing, is seen on each Node; so is a missing type', async () => {
    const project = join(scratch, 'project');
    await installConsumer(project, [tarball]);
    expect(exportedNames(tarball)).toEqual(['wrapped', 'wrapped/late', 'wrapped/empty']);
    for (const { binary } of NODES) {
      expect(await loadingFaults(project, binary, ['wrapped'])).toEqual([]);
      expect((await loadingFaults(project, binary, ['wrapped/late']))[0]).toMatch(/^require: /);
      expect(await loadingFaults(project, binary, ['wrapped/empty'])).toEqual([
        'wrapped/empty exports nothing',
      ]);
      expect((await loadingFaults(project, binary, ['wrapped/closed']))[0]).toMatch(/^import: /);
    }
    expect((await declarationFaults(project)).join('\n')).toContain("'wrapped/late'");
  });

  test('what is wrong within the declarations of a peer is not ours', async () => {
    const project = join(scratch, 'beside a peer');
    await installConsumer(project, []);
    const peer = join(project, 'node_modules/@some/peer');
    mkdirSync(peer, { recursive: true });
    writeFileSync(join(peer, 'package.json'), '{ "name": "@some/peer", "types": "index.d.ts" }');
    writeFileSync(join(peer, 'index.d.ts'), 'export declare const wrong: Missing;\n');
    writeFileSync(join(project, 'all.mts'), "import '@some/peer';\n");
    expect((await declarationFaults(project)).join('\n')).toContain("'Missing'");
    expect(await declarationFaults(project, ['@some/peer'])).toEqual([]);
    writeFileSync(join(project, 'all.mts'), "import '@some/peer';\nimport 'nothing';\n");
    const faults = await declarationFaults(project, ['@some/peer']);
    expect(faults.join('\n')).toContain("'nothing'");
    expect(faults.join('\n')).not.toContain("'Missing'");
  });

  test('the Nodes are those that are promised', async () => {
    for (const { version, binary } of NODES) {
      expect(await captureOrThrow([binary, '--version'])).toMatch(new RegExp(`^v${version}\\.`));
    }
  });
});
