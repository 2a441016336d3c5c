import { skipReason } from '@quorate/servers';
import { afterAll, beforeAll, describe } from 'vitest';
import { queueBatches } from './queue-batches.ts';
import { queueEdges } from './queue-edges.ts';
import { queueLeases } from './queue-leases.ts';
import { QueueStand } from './queue-stand.ts';
import { queueTransactions } from './queue-transactions.ts';

const reason = skipReason('postgres');

/** Settings of a server that nothing happens to: its commits need not wait for the disk. */
const unsynced = { synchronous_commit: 'off' } as const;

describe.skipIf(reason !== undefined)(
  `queues on PostgreSQL (needs a server${reason === undefined ? '' : `: ${reason}`})`,
  () => {
    let stand: QueueStand;
    beforeAll(async () => {
      stand = await QueueStand.start(unsynced);
    });
    afterAll(() => stand[Symbol.asyncDispose]());
    queueBatches(() => stand);
    queueEdges(() => stand);
    queueLeases(() => stand);
    queueTransactions(() => stand);
  },
);
