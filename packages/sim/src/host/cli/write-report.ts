import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { CommandContext } from './command-context.ts';

/** Writes what `--json` asks for: to standard output, to a file, or nowhere. */
export function writeReport(json: object, file: string | undefined, { stdout }: CommandContext): void {
  if (file === undefined) return;
  const text = `${JSON.stringify(json, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value), 2)}\n`;
  if (file === '-') stdout.write(text);
  else writeFileSync(resolve(file), text);
}
