import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryFolder } from '../builder/places.ts';
import type { DocumentBlock } from './documents.ts';

/** pnpm's own commands, which no package.json has. */
const OWN = new Set([
  'add',
  'dlx',
  'exec',
  'i',
  'import',
  'install',
  'pack',
  'publish',
  'remove',
  'store',
  'up',
]);
const CALL = /\bpnpm(?:@[\w.^~-]+)?((?:\s+(?:-\w|--[\w-]+)(?:[= ]\S+)?)*?)\s+(?:run\s+)?([a-z][\w:-]*)/g;

/** Calls of pnpm scripts that no package.json has, as `file:line: …`. */
export function unknownScripts(block: DocumentBlock): string[] {
  const faults: string[] = [];
  for (const [at, text] of block.code.split('\n').entries()) {
    for (const [, flags = '', script = ''] of text.replace(/(^|\s)#.*$/, '').matchAll(CALL)) {
      const manifest = manifestFor(flags);
      if (OWN.has(script) || Object.hasOwn(scriptsOf(manifest), script)) continue;
      faults.push(`${block.file}:${block.line + 1 + at}: "${script}" is no script of ${manifest}`);
    }
  }
  return faults;
}

/** `--filter ./docs` and `-C docs` name another folder. */
function manifestFor(flags: string): string {
  const folder = /(?:--filter|-F|-C|--dir)[= ](?:\.\/)?([\w./-]+)/.exec(flags)?.[1];
  return folder === undefined ? 'package.json' : `${folder}/package.json`;
}

function scriptsOf(manifest: string): Record<string, string> {
  return JSON.parse(readFileSync(join(repositoryFolder, manifest), 'utf8')).scripts ?? {};
}
