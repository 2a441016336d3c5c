import { constants } from 'node:fs';
import { access, stat, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { CommandFailure, fileFailure } from '../failure.ts';

/** Finds out before a long run that its page could not be written. @throws CommandFailure */
export async function checkHtmlFile(file: string): Promise<void> {
  try {
    await access(dirname(resolve(file)), constants.W_OK);
  } catch (cause) {
    throw fileFailure('Cannot write the page', file, cause);
  }
  const there = await stat(file).catch(() => undefined);
  if (there?.isDirectory()) throw new CommandFailure(`Cannot write the page ${file}: it is a folder`);
}

/** Writes a page. @throws CommandFailure */
export async function writeHtmlFile(file: string, page: string): Promise<void> {
  try {
    await writeFile(file, page);
  } catch (cause) {
    throw fileFailure('Cannot write the page', file, cause);
  }
}
