import { closeSync, fdatasyncSync, mkdirSync, openSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { LmdbDatabase } from './lmdb-bytes.ts';
import { dropNumberedBefore } from './numbered-files.ts';
import { logPrefix } from './queue-log.ts';
import { checkpointPrefix, type StoreFolder, syncFolder } from './store-folder.ts';

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
    const file = join(copy, 'data.mdb');
    const descriptor = openSync(file, 'r+');
    fdatasyncSync(descriptor);
    closeSync(descriptor);
    renameSync(file, checkpoint);
    syncFolder(folder.path);
    dropNumberedBefore(folder.log, logPrefix, number);
    dropNumberedBefore(folder.path, checkpointPrefix, number);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}
