import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode } from '@quorate/core';
import { unusable } from '../store-failure.ts';

const fileName = 'revisions';

/**
 * Writes down that revisions up to `ceiling` may have been given, and waits until that is on disk. It lies beside the database, so
 * that revisions go on growing where the database was lost.
 */
export function reserveRevisions(folder: string, ceiling: number): void {
  const file = join(folder, fileName);
  const written = `${file}.new`;
  const descriptor = openSync(written, 'w', 0o666);
  try {
    writeSync(descriptor, `${ceiling}\n`);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(written, file);
  const folderDescriptor = openSync(folder, 'r');
  try {
    fsyncSync(folderDescriptor);
  } finally {
    closeSync(folderDescriptor);
  }
}

/** Up to where revisions may have been given; 0 where nothing was ever reserved. @throws QuorateError `STORE_CORRUPT` */
export function reservedRevisions(folder: string): number {
  const file = join(folder, fileName);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (thrown) {
    if (errorCode(thrown) === 'ENOENT') return 0;
    throw thrown;
  }
  const ceiling = Number(text);
  // Taken for none, revisions might go back.
  if (text.trim() === '' || !Number.isSafeInteger(ceiling)) {
    throw unusable('STORE_CORRUPT', `File "${file}" names no revision`);
  }
  return ceiling;
}
