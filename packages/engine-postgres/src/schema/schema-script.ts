import { add } from './add.ts';
import { batch } from './batch.ts';
import { enqueue } from './enqueue.ts';
import { entryFunctions } from './entry-functions.ts';
import { operationFunctions } from './operation-functions.ts';
import { deletion, put } from './put-and-delete.ts';
import { revisionFunctions } from './revision-functions.ts';
import { sessionFunctions } from './session-functions.ts';
import { sweepFunctions } from './sweep-functions.ts';
import { tables } from './tables.ts';
import { watchFunctions } from './watch-functions.ts';

/** Written beside the tables, so that a later version knows what it finds. */
export const schemaVersion = 1;

/**
 * Tables and functions, as one script for a schema of their own. Names are written out with their schema: to set a search path for
 * each call costs more than what the call does.
 *
 * Each mutation is one call of one function, which begins by locking its partition's row: revisions are given in the order of
 * commits that way, which a sequence would not do, and a watcher that has seen one has seen all before it. A revision is never
 * below the server's clock in microseconds, so it grows on also where data was lost or a partition was forgotten.
 *
 * `clock_timestamp()` everywhere: `now()` stands still from the transaction's start, however long it then waited for a lock.
 *
 * @param schema its name as a quoted identifier
 */
export function schemaScript(schema: string): string {
  const inner = [revisionFunctions, operationFunctions, entryFunctions];
  const parts = [
    tables,
    ...inner,
    put,
    deletion,
    enqueue,
    add,
    batch,
    watchFunctions,
    sessionFunctions,
    sweepFunctions,
  ];
  return `create schema if not exists ${schema};\n${parts.map(part => part(schema)).join('')}`;
}
