import { describe, expect, test } from 'vitest';
import { changesetConfig } from '../../tidy/changeset-config.ts';
import { manifestDependencies } from '../../tidy/manifest-dependencies.ts';
import { packageShape } from '../../tidy/package-shape.ts';
import { tsconfigReferences } from '../../tidy/tsconfig-references.ts';
import { WORKSPACE, findings, manifest } from './fixture.ts';

const SHAPE = {
  version: '0.1.0',
  description: 'Rings',
  license: 'Apache-2.0',
  repository: {
    type: 'git',
    url: 'git+https://github.com/quorate/quorate.git',
    directory: 'packages/ring',
  },
  type: 'module',
  sideEffects: false,
  engines: { node: '>=22.12' },
  exports: { '.': './src/index.ts', './package.json': './package.json' },
  publishConfig: {
    access: 'public',
    provenance: true,
    exports: {
      '.': { types: './dist/index.d.ts', default: './dist/index.js' },
      './package.json': './package.json',
    },
  },
  files: ['dist', '!dist/.tsbuildinfo', 'src', '!**/*.test.*'],
  scripts: { build: 'tsc -b', test: 'vitest run --root ../.. --project ring' },
};
const FILES = {
  'packages/ring/src/index.ts': '',
  'packages/ring/src/wasm.ts': '',
  'packages/ring/README.md': '',
  'packages/ring/tsconfig.json': '{}',
};

function shapeOf(fields: Readonly<Record<string, unknown>>): readonly string[] {
  const text = manifest('ring', { ...SHAPE, ...fields });
  return findings(packageShape, { ...FILES, 'packages/ring/package.json': text });
}

describe('the shape of package.json', () => {
  test('the template passes', () => {
    expect(shapeOf({})).toEqual([]);
  });

  test.each([
    ['name', { name: '@quorate/rings' }],
    ['license', { license: 'MIT' }],
    ['type', { type: 'commonjs' }],
    ['sideEffects', { sideEffects: true }],
    ['engines', { engines: { node: '>=18' } }],
    ['repository', { repository: { ...SHAPE.repository, directory: 'packages/core' } }],
    ['description', { description: ' ' }],
    ['main', { main: './dist/index.js' }],
    ['files', { files: ['dist', 'src', '!**/*.test.*'] }],
    ['publishConfig', { publishConfig: { ...SHAPE.publishConfig, provenance: false } }],
    ['script', { scripts: { ...SHAPE.scripts, build: 'tsc' } }],
  ])('a wrong "%s" is named', (key, fields) => {
    expect(shapeOf(fields)).toHaveLength(1);
    expect(shapeOf(fields)[0]).toContain(key);
  });

  test('an export that publishConfig lacks or leads elsewhere is out of step', () => {
    const exports = { ...SHAPE.exports, './wasm': './src/wasm.ts' };
    expect(shapeOf({ exports })[0]).toContain('publishConfig.exports of "./wasm" is out of step');
    const published = {
      ...SHAPE.publishConfig.exports,
      './wasm': { types: './dist/wasm.d.ts', default: './dist/index.js' },
    };
    const publishConfig = { ...SHAPE.publishConfig, exports: published };
    expect(shapeOf({ exports, publishConfig })).toHaveLength(1);
  });

  test('conditions of imports are followed', () => {
    const imports = { '#system': { node: './src/index.ts', default: './src/wasm.ts' } };
    const published = { '#system': { node: './dist/index.js', default: './dist/wasm.js' } };
    const publishConfig = { ...SHAPE.publishConfig, imports: published };
    expect(shapeOf({ imports, publishConfig })).toEqual([]);
    expect(shapeOf({ imports })[0]).toContain('publishConfig.imports');
  });

  test('an export of a file that does not exist is named', () => {
    const exports = { ...SHAPE.exports, './gone': './src/gone.ts' };
    const published = {
      ...SHAPE.publishConfig.exports,
      './gone': { types: './dist/gone.d.ts', default: './dist/gone.js' },
    };
    const found = shapeOf({ exports, publishConfig: { ...SHAPE.publishConfig, exports: published } });
    expect(found).toEqual(['packages/ring/package.json:16: "./src/gone.ts" does not exist']);
  });

  test('a folder outside packages/ and apps/ is private', () => {
    const found = findings(packageShape, {
      'bench/package.json': manifest('bench', { type: 'module', version: '0.0.0' }),
    });
    expect(found[0]).toContain('is private');
  });
});

describe('dependencies in package.json', () => {
  const deps = (
    fields: Readonly<Record<string, unknown>>,
    source = `import '@quorate/core';`,
  ): readonly string[] =>
    findings(manifestDependencies, {
      ...WORKSPACE,
      'packages/core/package.json': manifest('core'),
      'packages/threads/package.json': manifest('threads'),
      'packages/ring/package.json': manifest('ring', fields),
      'packages/ring/src/a.ts': source,
    });

  test('the workspace by workspace:^ passes', () => {
    expect(deps({ dependencies: { '@quorate/core': 'workspace:^' } })).toEqual([]);
  });

  test.each([
    ['outside the workspace', { dependencies: { '@quorate/core': 'workspace:^', lodash: '4.0.0' } }],
    ['its range is "workspace:^"', { dependencies: { '@quorate/core': '^0.1.0' } }],
    [
      'may not depend on',
      { dependencies: { '@quorate/core': 'workspace:^', '@quorate/threads': 'workspace:^' } },
    ],
    [
      'tests included',
      {
        dependencies: { '@quorate/core': 'workspace:^' },
        devDependencies: { '@quorate/threads': 'workspace:^' },
      },
    ],
  ])('refused: %s', (message, fields) => {
    expect(deps(fields).join('\n')).toContain(message);
  });

  test('a dependency that no source imports is refused', () => {
    expect(deps({ dependencies: { '@quorate/core': 'workspace:^' } }, '')[0]).toContain('no source imports');
  });
});

describe('references of tsconfig.json', () => {
  const references = (text: string): readonly string[] =>
    findings(tsconfigReferences, { ...WORKSPACE, 'packages/ring/tsconfig.json': text });

  test('they are the workspace dependencies, no fewer and no more', () => {
    expect(references('{ "references": [{ "path": "../core" }] }')).toEqual([]);
    expect(references('{}')[0]).toContain('lacks packages/core');
    expect(references('{ "references": [{ "path": "../core" }, { "path": "../sim" }] }')[0]).toContain(
      'names packages/sim',
    );
  });
});

describe('the configuration of changesets', () => {
  const config = (fields: Readonly<Record<string, unknown>>, more: Readonly<Record<string, string>> = {}) =>
    findings(changesetConfig, {
      ...WORKSPACE,
      ...more,
      '.changeset/config.json': JSON.stringify({
        fixed: [['@quorate/core', '@quorate/ring', '@quorate/threads']],
        access: 'public',
        baseBranch: 'main',
        privatePackages: { version: false, tag: false },
        ...fields,
      }),
    });

  test('it names the published packages', () => {
    expect(config({})).toEqual([]);
    expect(config({ fixed: [['@quorate/*']] })[0]).toContain('"fixed" must be');
    expect(config({ privatePackages: undefined })[0]).toContain('privatePackages');
  });

  test('a changeset names published packages alone', () => {
    const changeset = { '.changeset/brave-cats.md': "---\n'@quorate/bench': minor\n---\n\nFaster\n" };
    expect(config({}, changeset)).toEqual([
      '.changeset/brave-cats.md:2: @quorate/bench is not a published package',
    ]);
  });
});
