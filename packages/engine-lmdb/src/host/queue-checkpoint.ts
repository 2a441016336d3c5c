import { closeSync, copyFileSync, fdatasyncSync, mkdirSync, openSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { LmdbDatabase } from './lmdb-bytes.ts';
import { dropNumberedBefore } from './numbered-files.ts';
import { checkpointPrefix, logPrefix, type StoreFolder, syncFolder } from './store-folder.ts';

/**
 * Puts a copy of a database beside it, from which a boot goes on with the log's file `number`, and drops the files before. It replaces
 * none of a higher number: whoever was stopped meanwhile is late.
 */
export async function takeCheckpoint(
  database: LmdbDatabase,
  folder: StoreFolder,
  number: number,
): Promise<void> {
  if (folder.log === undefined) return;
  const checkpoint = join(folder.path, `${checkpointPrefix}${number}`);
  const copy = `${checkpoint}.new-${process.pid}`;
  try {
    mkdirSync(copy);
    // Not compacted: LMDB's binding does not survive a database whose list of free pages is empty.
    await database.backup(copy, false);
    putInPlace(join(copy, 'data.mdb'), checkpoint, folder.path);
    dropNumberedBefore(folder.log, logPrefix, number);
    dropNumberedBefore(folder.path, checkpointPrefix, number);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

/**
 * The same at once, of what is committed, with the write lock in hand. It drops nothing: whoever does not commit thereafter goes on with
 * the file of the log that there is.
 *
 * @param parent the folder in which that of the log lies
 * @throws Error of the file system
 */
export function checkpointNow(database: string, parent: string, number: number): void {
  const checkpoint = join(parent, `${checkpointPrefix}${number}`);
  const copy = `${checkpoint}.new-${process.pid}`;
  try {
    copyFileSync(join(database, 'data.mdb'), copy);
    putInPlace(copy, checkpoint, parent);
  } finally {
    rmSync(copy, { force: true });
  }
}

function putInPlace(copy: string, checkpoint: string, parent: string): void {
  const descriptor = openSync(copy, 'r+');
  try {
    fdatasyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(copy, checkpoint);
  syncFolder(parent);
}
