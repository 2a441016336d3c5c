import { describe, expect, test } from 'vitest';
import { abortSignal } from '../../tidy/abort-signal.ts';
import { ambient } from '../../tidy/ambient.ts';
import { entryPoints } from '../../tidy/entry-points.ts';
import { fileLength } from '../../tidy/file-length.ts';
import { fileNames } from '../../tidy/file-names.ts';
import { functionLength } from '../../tidy/function-length.ts';
import { switchedOffTests } from '../../tidy/switched-off-tests.ts';
import { WORKSPACE, findings } from './fixture.ts';

const FILE = 'packages/ring/src/a.ts';

describe('ambient time and randomness', () => {
  const uses = (text: string, file = FILE): readonly string[] =>
    findings(ambient, { ...WORKSPACE, [file]: text });

  test.each([
    ['Date', 'export const a = Date.now();'],
    ['Date', 'export const a = new Date();'],
    ['Date', 'export const a = globalThis.Date.now();'],
    ['Math.random', 'export const a = Math.random();'],
    ['Math.random', 'const { random } = Math;'],
    ['performance', 'export const a = performance.now();'],
    ['setTimeout', 'setTimeout(() => {}, 1);'],
    ['setTimeout', 'export const o = { setTimeout };'],
    ['setInterval', 'const every = setInterval as unknown;'],
    ['process.env', `export const a = process.env['HOME'];`],
    ['process.env', 'export const a = globalThis.process?.env;'],
    ['process.env', `import { env } from 'node:process';`],
    ['crypto.randomUUID', 'export const a = crypto.randomUUID();'],
    ['crypto.randomBytes', `import { randomBytes } from 'node:crypto';`],
    ['crypto.getRandomValues', 'globalThis.crypto.getRandomValues(new Uint8Array(1));'],
    ['"node:timers/promises"', `import { setTimeout as wait } from 'node:timers/promises';`],
    ['"node:perf_hooks"', `import { performance as p } from 'node:perf_hooks';`],
  ])('%s in %s', (name, text) => {
    expect(uses(text)).toEqual([
      `${FILE}:1: ${name} is ambient: take a Clock or a Random, or move it to src/host`,
    ]);
  });

  test.each([
    ['a comment and a string', `// Date.now()\nexport const a = 'Math.random()';`],
    ['a type', 'export interface A { at: Date; setTimeout(f: () => void): void }'],
    ['a member of something else', 'export const a = (c: any) => c.setTimeout(1) + c.performance + c.Date;'],
    ['a parameter of that name', 'export const a = (performance: number) => performance + 1;'],
    ['the type import', `import type { X } from 'node:timers';`],
    ['a hash', `import { createHash } from 'node:crypto';`],
  ])('%s is not ambient', (_, text) => {
    expect(uses(text)).toEqual([]);
  });

  test("the system clock, hosts, tests and apps' sources may", () => {
    for (const file of [
      'packages/core/src/system.ts',
      'packages/ring/src/host/a.ts',
      'packages/ring/test/a.test.ts',
    ]) {
      expect(uses('export const a = Date.now();', file)).toEqual([]);
    }
    expect(uses('export const a = Date.now();', 'packages/core/src/clock.ts')).toHaveLength(1);
  });
});

describe('AbortSignal', () => {
  test('any and timeout are refused in every package, hosts included', () => {
    const text =
      'const a = AbortSignal.any([]);\nconst b = globalThis.AbortSignal.timeout(1);\nAbortSignal.abort();';
    expect(findings(abortSignal, { 'packages/core/src/host/a.ts': text })).toEqual([
      'packages/core/src/host/a.ts:1: AbortSignal.any loses aborts and stalls: use linkSignal of core',
      'packages/core/src/host/a.ts:2: AbortSignal.timeout loses aborts and stalls: use linkSignal of core',
    ]);
  });
});

describe('names of files', () => {
  test.each(['utils.ts', 'helpers.ts', 'common/a.ts', 'misc.js', 'types.ts', 'types.d.ts', 'util.test.ts'])(
    '%s says nothing',
    name => {
      expect(findings(fileNames, { [`packages/ring/src/${name}`]: '' })[0]).toContain('says nothing');
    },
  );

  test('camelCase is refused, kebab-case and folders that begin with a dot pass', () => {
    expect(findings(fileNames, { 'bench/src/runBench.ts': '' })[0]).toContain('kebab-case');
    expect(
      findings(fileNames, { 'docs/.vitepress/config.ts': '', 'bench/src/run-bench.test.ts': '' }),
    ).toEqual([]);
  });
});

describe('length', () => {
  test('a source ends at 400 lines, a test at 500; generated files and data are as long as they are', () => {
    const lines = (count: number): string => '\n'.repeat(count);
    expect(
      findings(fileLength, { 'a.ts': lines(400), 'a.gen.ts': lines(900), 'a.test.ts': lines(500) }),
    ).toEqual([]);
    expect(findings(fileLength, { 'a.ts': lines(401) })).toEqual(['a.ts:401: 401 lines: the limit is 400']);
    expect(findings(fileLength, { 'a.test.ts': lines(501) })).toEqual([
      'a.test.ts:501: 501 lines: the limit is 500',
    ]);
  });

  const body = (lines: number): string => '\n'.repeat(lines - 1);

  test.each([
    ['a function', `function a() {${body(71)}}`],
    ['an arrow function', `const a = () => {${body(71)}};`],
    ['a method', `class A { a() {${body(71)}} }`],
    ['a describe with a helper', `describe('x', () => { function a() {${body(71)}} });`],
    ['a test', `test('x', () => {${body(71)}});`],
  ])('%s of 71 lines is too long', (_, text) => {
    expect(findings(functionLength, { 'a.test.ts': text })).toContain(
      'a.test.ts:1: 71 lines: the limit is 70',
    );
  });

  test('70 lines pass, and a describe is as long as its tests are many', () => {
    const cases = `test('a', () => {${body(60)}});\ntest.each([1])('b', () => {${body(60)}});\n`;
    expect(findings(functionLength, { 'a.ts': `function a() {${body(70)}}` })).toEqual([]);
    expect(findings(functionLength, { 'a.test.ts': `describe('x', () => {\n${cases}});` })).toEqual([]);
  });
});

describe('tests that are switched off', () => {
  const uses = (text: string): readonly string[] =>
    findings(switchedOffTests, { 'packages/ring/test/a.test.ts': text });

  test.each([
    `test.only('a', () => {});`,
    `describe.only('a', () => {});`,
    `test.only.each([1])('a', () => {});`,
    `it.todo('a');`,
    `test.skip('a', () => {});`,
    `describe.skipIf(true)('a', () => {});`,
    `test.runIf(false).each([1])('a', () => {});`,
    `test('a', ctx => { ctx.skip(); });`,
    `test('a', ({ skip }) => { skip(!available); });`,
    `test('a', ctx => { ctx.skip(a === b); });`,
  ])('%s', text => {
    expect(uses(text)).toHaveLength(1);
  });

  test.each([
    `test('a', ctx => { ctx.skip('needs Chromium'); });`,
    `test('a', ctx => { ctx.skip(!available, 'needs Chromium'); });`,
    `test.skipIf(!available)('a (needs Chromium)', () => {});`,
    `test('a', () => { stream.skip(3); });`,
  ])('%s gives its reason', text => {
    expect(uses(text)).toEqual([]);
  });
});

describe('src/index.ts', () => {
  const index = (text: string): readonly string[] =>
    findings(entryPoints, {
      'packages/core/package.json': WORKSPACE['packages/core/package.json'] ?? '',
      'packages/core/src/index.ts': text,
    });

  test('it re-exports, under a comment', () => {
    expect(
      index(`/** Words.\n * @packageDocumentation */\nexport { a } from './a.ts';\nexport * from './b.ts';`),
    ).toEqual([]);
    expect(index(`export * from './b.ts';`)[0]).toContain('@packageDocumentation');
    expect(index(`/** @packageDocumentation */\nexport const a = 1;`)[0]).toContain('only re-exports');
    expect(index(`/** @packageDocumentation */\nimport './a.ts';`)).toHaveLength(1);
  });
});
