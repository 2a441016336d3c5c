import { execFile } from 'node:child_process';
import {
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { docsFolder, repositoryFolder } from '../builder/places.ts';
import type { DocumentBlock } from './documents.ts';

const ignoredFolder = join(docsFolder, '.quorate');
mkdirSync(ignoredFolder, { recursive: true });

/** Where this test's blocks become modules: below docs/, with every package of the workspace in its `node_modules`. */
export const blocksFolder: string = mkdtempSync(join(ignoredFolder, 'blocks-'));

/** For the end of a test file. */
export function removeBlocks(): void {
  rmSync(blocksFolder, { recursive: true, force: true });
}

const DEADLINE_MS = 100_000;

/** A block as a file, and how its lines map back to the document. */
export interface BlockFile {
  readonly block: DocumentBlock;
  readonly path: string;
}

/** `file:line` of the block's opening fence. */
export function placeOf({ file, line }: DocumentBlock): string {
  return `${file}:${line}`;
}

/** Why the block must not run, undefined where it runs. @throws Error where the reason is missing. */
export function reasonNotToRun(block: DocumentBlock): string | undefined {
  const [word, ...rest] = block.info.split(/\s+/);
  if (word?.replace(/:$/, '') !== 'no-run') return undefined;
  const reason = rest.join(' ').replace(/^[:\s]+/, '');
  if (reason === '')
    throw new Error(`${placeOf(block)}: "no-run" needs a reason, as in "no-run: needs a browser"`);
  return reason;
}

/** Makes every package of the workspace importable for the blocks. Links, for Node strips no types in node_modules. */
function linkPackages(): void {
  for (const manifest of globSync('{packages/*,apps/*,bench}/package.json', { cwd: repositoryFolder })) {
    const { name } = JSON.parse(readFileSync(join(repositoryFolder, manifest), 'utf8'));
    const link = join(blocksFolder, 'node_modules', name);
    mkdirSync(dirname(link), { recursive: true });
    if (!existsSync(link)) symlinkSync(join(repositoryFolder, dirname(manifest)), link, 'dir');
  }
}

const PARENT_IMPORT = /(\bfrom\s*|\bimport\s*\(?\s*)(['"])\.\.\//g;

/** `../src/suite.ts` means the README's own folder: a block stands for a file one level below, as suites and tests do. */
function fromOwnFolder({ code, file }: DocumentBlock): string {
  const folder = relative(blocksFolder, join(repositoryFolder, dirname(file))).replaceAll('\\', '/');
  return code.replaceAll(PARENT_IMPORT, (_, before: string, quote: string) => `${before}${quote}${folder}/`);
}

/** Writes the block as a module, its code on the lines it has in the document. */
export function writeBlock(block: DocumentBlock): BlockFile {
  linkPackages();
  const name = `${block.file.replaceAll(/[^A-Za-z0-9]+/g, '-')}-${block.line}`;
  const path = join(blocksFolder, `${name}.${block.language === 'ts' ? 'mts' : 'mjs'}`);
  writeFileSync(path, '\n'.repeat(block.line) + fromOwnFolder(block));
  return { block, path };
}

/**
 * Runs the block as a program of its own on this Node, from source.
 *
 * @throws Error naming file and line if it fails, does not end, or prints something else than the document says.
 */
export async function runBlock({ block, path }: BlockFile): Promise<void> {
  const { stdout, failure } = await run(path);
  if (failure !== undefined) {
    const report = failure.replaceAll(`file://${path}`, block.file).replaceAll(path, block.file);
    throw new Error(`${placeOf(block)} fails:\n${report.trim()}`);
  }
  const expected = block.output?.code;
  if (expected !== undefined && stdout.trim() !== expected.trim()) {
    throw new Error(
      `${placeOf(block)} prints:\n${stdout.trim()}\nbut the document says:\n${expected.trim()}`,
    );
  }
}

/** Node's own parser of TypeScript, which JavaScript is to it. @throws Error naming file and line where it fails. */
export function checkSyntax(block: DocumentBlock): void {
  try {
    stripTypeScriptTypes(block.code);
  } catch (error) {
    throw new Error(`${placeOf(block)} does not parse: ${String(error)}`, { cause: error });
  }
}

function run(path: string): Promise<{ stdout: string; failure: string | undefined }> {
  const options = {
    cwd: blocksFolder,
    encoding: 'utf8',
    timeout: DEADLINE_MS,
    killSignal: 'SIGKILL',
  } as const;
  return new Promise(resolve => {
    execFile(process.execPath, [path], options, (error, stdout, stderr) => {
      if (error === null) resolve({ stdout, failure: undefined });
      else if (error.killed === true) resolve({ stdout, failure: `still running after ${DEADLINE_MS} ms` });
      else resolve({ stdout, failure: stderr === '' ? error.message : stderr });
    });
  });
}
