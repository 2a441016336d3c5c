import { queueBatchEnds, queueBatches } from './batches.ts';
import { queueHandles } from './handles.ts';
import { queueInspect } from './inspect.ts';
import { queueKeys } from './keys.ts';
import { queueLease } from './lease.ts';
import { queueLeaseEnds } from './lease-ends.ts';
import { queuePut } from './put.ts';
import { queueRemoval } from './removal.ts';
import { queueSettle } from './settle.ts';
import { queueSettleParts } from './settle-parts.ts';
import { queueState } from './state.ts';
import { queueSweep } from './sweep.ts';
import { queueTables } from './tables.ts';
import { queueTablesBeside } from './tables-beside.ts';
import { queueTelling } from './telling.ts';

/**
 * Written beside the tables, so that whoever opens them knows what it finds. It goes up with each change of a table, or of what a
 * function is handed or answers: clients of one version could not call those of another.
 */
export const queueVersion = 3;

/**
 * Tables and functions of queues, as one script. They can stand in the schema of a Store.
 *
 * Plans are fixed by what a function sets for itself: a plan that was made for an empty table would read all of it once it is full.
 *
 * @param schema its name as a quoted identifier
 */
export function queueScript(schema: string): string {
  const parts = [
    queueTables,
    queueTablesBeside,
    queueKeys,
    queueTelling,
    queueBatches,
    queueBatchEnds,
    queuePut,
    queueLeaseEnds,
    queueLease,
    queueHandles,
    queueState,
    queueSettleParts,
    queueSettle,
    queueInspect,
    queueRemoval,
    queueSweep,
  ];
  return `create schema if not exists ${schema};\n${parts.map(part => part(schema)).join('')}`;
}
