import { afterAll, expect, test } from 'vitest';
import { typeFaults } from './check-types.ts';
import { type DocumentBlock, documentBlocks } from './documents.ts';
import { checkSyntax, reasonNotToRun, removeBlocks, runBlock, writeBlock } from './run-block.ts';
import { unknownScripts } from './shell-commands.ts';

/** A document whose only block begins on line 3. */
function blockOf(info: string, ...lines: readonly string[]): DocumentBlock {
  const markdown = ['# Fixture', '', `\`\`\`${info}`, ...lines, '```'].join('\n');
  const [block] = documentBlocks(`fixture-${blockCount++}.md`, markdown);
  return block as DocumentBlock;
}

let blockCount = 0;

afterAll(removeBlocks);

test('a block that is right passes', async () => {
  const block = blockOf(
    'ts',
    "import { QuorateError } from '@quorate/core';",
    'console.log(QuorateError.name);',
  );
  await expect(runBlock(writeBlock(block))).resolves.toBeUndefined();
});

test('a failing assertion is red, with the document’s file and line', async () => {
  const block = blockOf('ts', "import assert from 'node:assert/strict';", 'assert.equal(1 + 1, 3);');
  const error = await runBlock(writeBlock(block)).catch((reason: unknown) => String(reason));
  expect(error).toContain(`${block.file}:3 fails`);
  expect(error).toContain(`${block.file}:5:8`);
});

test('an import that does not exist is red', async () => {
  const block = blockOf('js', "import { nothing } from '@quorate/core';", 'console.log(nothing);');
  await expect(runBlock(writeBlock(block))).rejects.toThrow(/does not provide an export named 'nothing'/);
});

test('a relative import starts in the README’s folder, one level up', async () => {
  const markdown =
    "```js\nimport { QuorateError } from '../src/index.ts';\nnew QuorateError('A', 'b');\n```\n";
  const [block] = documentBlocks('packages/core/FIXTURE.md', markdown);
  const file = writeBlock(block as DocumentBlock);
  await expect(runBlock(file)).resolves.toBeUndefined();
  expect(await typeFaults([file, writeBlock(blockOf('ts', 'export {};'))], 'mixed')).toEqual([]);
});

test('a stated output is compared', async () => {
  const markdown = '```js\nconsole.log("a b");\n```\n\n```text output\na b\n```\n';
  const [right] = documentBlocks('fixture-right.md', markdown);
  const [wrong] = documentBlocks('fixture-wrong.md', markdown.replace('\na b', '\na c'));
  await expect(runBlock(writeBlock(right as DocumentBlock))).resolves.toBeUndefined();
  await expect(runBlock(writeBlock(wrong as DocumentBlock))).rejects.toThrow(
    /prints:\na b\nbut the document says:\na c/,
  );
});

test('a wrong type is red on its line', async () => {
  const block = blockOf('ts', '', 'const weight: number = "heavy";', 'console.log(weight);');
  const faults = await typeFaults([writeBlock(block)], 'fixture');
  expect(faults).toHaveLength(1);
  expect(faults[0]).toMatch(new RegExp(`^${block.file}:5: TS2322`));
});

test('a block that must not run needs a reason and must parse', () => {
  expect(reasonNotToRun(blockOf('ts no-run: needs a browser', ''))).toBe('needs a browser');
  expect(reasonNotToRun(blockOf('ts', ''))).toBeUndefined();
  expect(() => reasonNotToRun(blockOf('ts no-run', ''))).toThrow(/needs a reason/);
  expect(() =>
    checkSyntax(blockOf('ts no-run: fixture', 'const x: number = await f<string>();')),
  ).not.toThrow();
  expect(() => checkSyntax(blockOf('ts no-run: fixture', 'const = ;'))).toThrow(/:3 does not parse/);
});

test('an unknown script is red, a known one, a comment and pnpm’s own commands are not', () => {
  const block = blockOf(
    'sh',
    'npx --yes pnpm@12 bench ring --profile full',
    'npx --yes pnpm@12 brew # pnpm stew',
    'pnpm install --frozen-lockfile && pnpm --filter ./docs build',
    'pnpm --filter ./docs demo',
  );
  expect(unknownScripts(block)).toEqual([
    `${block.file}:5: "brew" is no script of package.json`,
    `${block.file}:7: "demo" is no script of docs/package.json`,
  ]);
});

test('blocks are told from their surroundings', () => {
  const markdown = '````md\n```ts\nno block of its own\n```\n````\n\n- item\n\n  ```ts\n  let a;\n  ```\n';
  const blocks = documentBlocks('fixture.md', markdown);
  expect(blocks.map(({ language, line, code }) => [language, line, code])).toEqual([
    ['md', 1, '```ts\nno block of its own\n```\n'],
    ['ts', 9, 'let a;\n'],
  ]);
});
