import { homedir } from 'node:os';
import type { Rule } from './rule.ts';

/** What ties a file to one machine or one registry. Written as parts, so that this file does not find itself. */
const PATTERNS: readonly (readonly [RegExp, string])[] = [
  [new RegExp(String.raw`\b${'registry'}\.[a-z0-9-]+\.[a-z]{2,}\b`, 'i'), 'names a registry host'],
  [new RegExp(String.raw`\bnpm\.pkg\.[a-z]`, 'i'), 'names a registry host'],
  [
    new RegExp(String.raw`(?<![\w.])/(?:${['home', 'Users'].join('|')})/[\w.-]+/`),
    'holds a path of one machine',
  ],
  [new RegExp(String.raw`(?<![\w./])/${'root'}/[\w.-]+`), 'holds a path of one machine'],
  [new RegExp(String.raw`\b[A-Z]:\\${'Users'}\\`), 'holds a path of one machine'],
];
/** pnpm writes this where a package comes from a place of its own. */
const LOCKED_TARBALL = /^\s*(?:resolution: \{.*)?\btarball: /;

/** @param places Folders of this machine that must not be named, each with a slash at its end. */
export function foreignText(places: readonly string[]): Rule {
  return {
    name: 'foreign-text',
    summary: 'no registry host and no path of a machine in any file, the lock file included',
    *check(repository) {
      for (const file of repository.files) {
        const text = repository.text(file);
        if (text.includes('\0')) continue;
        for (const [index, line] of text.split('\n').entries()) {
          const fault = lineFault(file, line, places);
          if (fault !== undefined) yield { file, line: index + 1, message: fault };
        }
      }
    },
  };
}

function lineFault(file: string, line: string, places: readonly string[]): string | undefined {
  for (const [pattern, message] of PATTERNS) {
    const found = pattern.exec(line);
    if (found !== null) return `${message}: ${found[0]}`;
  }
  const place = places.find(candidate => line.includes(candidate));
  if (place !== undefined) return `holds a path of this machine: ${place}`;
  if (file === 'pnpm-lock.yaml' && LOCKED_TARBALL.test(line)) return 'locks a package to one address';
  return undefined;
}

/** Folders that every machine has say nothing about this one. */
const EVERYWHERE = new Set(['/', '/tmp/', '/opt/', '/srv/', '/usr/', '/var/', '/mnt/']);

/** The folder around the repository and the user's home, each with a slash at its end. */
export function placesOfThisMachine(root: string): readonly string[] {
  const places = [root.slice(0, root.lastIndexOf('/') + 1), `${homedir().replace(/\/$/, '')}/`];
  return places.filter(place => place.startsWith('/') && !EVERYWHERE.has(place));
}
