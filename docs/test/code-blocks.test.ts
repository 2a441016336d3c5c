import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { typeFaults } from './check-types.ts';
import { documentBlocks, documentFiles } from './documents.ts';
import {
  type BlockFile,
  removeBlocks,
  checkSyntax,
  placeOf,
  reasonNotToRun,
  runBlock,
  writeBlock,
} from './run-block.ts';
import { unknownScripts } from './shell-commands.ts';

const files = documentFiles();
const blocks = files.flatMap(file => documentBlocks(file));
const programs = blocks.filter(({ language }) => language === 'ts' || language === 'js');
const running = programs.filter(block => reasonNotToRun(block) === undefined);
const still = programs.filter(block => reasonNotToRun(block) !== undefined);
const shell = blocks.filter(({ language }) => /^(?:sh|bash|shell|console)$/.test(language));
const written = new Map<string, BlockFile>();

beforeAll(() => {
  for (const block of running) written.set(placeOf(block), writeBlock(block));
});

afterAll(removeBlocks);

test('there are documents, and programs in them', () => {
  expect(files).toContain('docs/index.md');
  expect(files).toContain('packages/core/README.md');
  expect(files.every(file => !file.startsWith('docs/api/'))).toBe(true);
  expect(running.length).toBeGreaterThan(3);
});

test('every program has right types', async () => {
  expect(await typeFaults([...written.values()], 'all')).toEqual([]);
});

describe.concurrent('programs run', () => {
  test.each(running.map(block => [placeOf(block)]))('%s', async place => {
    await expect(runBlock(written.get(place) as BlockFile)).resolves.toBeUndefined();
  });
});

test('programs that must not run parse', () => {
  for (const block of still) expect(() => checkSyntax(block)).not.toThrow();
});

test('scripts that are called exist', () => {
  expect(shell.flatMap(unknownScripts)).toEqual([]);
});
