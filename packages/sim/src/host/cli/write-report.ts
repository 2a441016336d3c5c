import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { CommandContext } from './command-context.ts';

/**
 * Writes what `--json` asks for: to standard output, to a file, or nowhere. Where the file cannot be written after all, as when
 * the disk is full, it says so: what was found is shown all the same.
 */
export function writeReport(
  json: object,
  file: string | undefined,
  { stdout, stderr }: CommandContext,
): void {
  if (file === undefined) return;
  const text = `${JSON.stringify(json, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value), 2)}\n`;
  if (file === '-') {
    stdout.write(text);
    return;
  }
  try {
    writeFileSync(resolve(file), text);
  } catch (error) {
    stderr.write(`Report ${file} was not written: ${(error as Error).message}\n`);
  }
}
