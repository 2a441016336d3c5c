import { closeSync, fdatasyncSync, mkdirSync, openSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { LmdbDatabase } from './lmdb-bytes.ts';
import { dropFilesBefore, syncFolder } from './queue-log.ts';
import { checkpointName, type StoreFolder } from './store-folder.ts';

/** Puts a copy of a database beside it, from which a boot goes on with the log's file `number`, and drops the files before. */
export async function takeCheckpoint(
  database: LmdbDatabase,
  folder: StoreFolder,
  number: number,
): Promise<void> {
  if (folder.log === undefined) return;
  const copy = join(folder.path, `${checkpointName}.new-${process.pid}-${number}`);
  try {
    mkdirSync(copy);
    // Not compacted: LMDB's binding does not survive a database whose list of free pages is empty.
    await database.backup(copy, false);
    const file = join(copy, 'data.mdb');
    const descriptor = openSync(file, 'r+');
    fdatasyncSync(descriptor);
    closeSync(descriptor);
    renameSync(file, join(folder.path, checkpointName));
    syncFolder(folder.path);
    dropFilesBefore(folder.log, number);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}
