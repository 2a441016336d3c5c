import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { repositoryFolder } from '../builder/places.ts';
import { type BlockFile, blocksFolder } from './run-block.ts';

/** A reader's settings: strict, without the extra rules of this repository's own sources. */
const COMPILER_OPTIONS = {
  strict: true,
  target: 'ES2024',
  lib: ['ES2024', 'ESNext.Disposable', 'DOM', 'DOM.Iterable'],
  module: 'NodeNext',
  types: ['node'],
  noEmit: true,
  allowImportingTsExtensions: true,
  skipLibCheck: true,
};

/**
 * Checks the types of all TypeScript blocks in one program.
 *
 * @returns The compiler's messages about the blocks, with the file and line of the document; empty where all is well.
 */
export async function typeFaults(files: readonly BlockFile[], name: string): Promise<string[]> {
  const config = join(blocksFolder, `tsconfig.${name}.json`);
  const paths = files.filter(({ block }) => block.language === 'ts').map(({ path }) => path);
  writeFileSync(config, JSON.stringify({ compilerOptions: COMPILER_OPTIONS, files: paths }));
  const documents = new Map(files.map(({ path, block }) => [basename(path), block.file]));
  const output = await compile(config);
  return output.split('\n').flatMap(line => {
    const [, path = '', at, message] = /^(\S+?)\((\d+),\d+\): error (.*)$/.exec(line) ?? [];
    if (at === undefined) return /\berror TS\d+/.test(line) ? [line] : [];
    const document = documents.get(basename(path));
    return document === undefined ? [] : [`${document}:${at}: ${message}`];
  });
}

function compile(config: string): Promise<string> {
  const compiler = join(repositoryFolder, 'node_modules/typescript/bin/tsc');
  const args = [compiler, '-p', config, '--pretty', 'false'];
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      args,
      { cwd: repositoryFolder, maxBuffer: 64 << 20 },
      (error, stdout, stderr) => {
        if (error !== null && stdout === '') reject(new Error(`tsc did not run: ${stderr || error.message}`));
        else resolve(stdout);
      },
    );
  });
}
