import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** The numbers of the files in a folder whose names are a prefix and a number, in order. */
export function numbersIn(folder: string, prefix: string): number[] {
  const names = readdirSync(folder).filter(name => name.startsWith(prefix));
  const numbers = names.map(name => Number(name.slice(prefix.length))).filter(Number.isInteger);
  return numbers.sort((one, other) => one - other);
}

/** Deletes those of lower numbers, and what was left behind by whoever died while it made one. */
export function dropNumberedBefore(folder: string, prefix: string, number: number): void {
  for (const name of readdirSync(folder)) {
    if (!name.startsWith(prefix) || !(Number.parseInt(name.slice(prefix.length), 10) < number)) continue;
    rmSync(join(folder, name), { recursive: true, force: true });
  }
}
