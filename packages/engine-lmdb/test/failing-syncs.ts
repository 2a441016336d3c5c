/** Imported before a process, has the syncs of its threads fail as long as a file is there; those of its main thread do not. */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { isMainThread } from 'node:worker_threads';

const original = fs.fdatasyncSync;
if (!isMainThread) {
  fs.fdatasyncSync = descriptor => {
    if (fs.existsSync(process.env['FAILING_SYNCS'] as string)) throw new Error('EIO: i/o error, fdatasync');
    original(descriptor);
  };
  syncBuiltinESMExports();
}
