import {
  type Clock,
  driveQueue,
  type Durability,
  type QueueCapabilities,
  type QueueStore,
  type Random,
  systemClock,
  systemRandom,
} from '@quorate/core';
import { queueScript, queueVersion } from '../../queue/schema/queue-script.ts';
import { quoteIdentifier } from '../../quote-identifier.ts';
import { Connections } from '../connections.ts';
import { openPool, type PoolOptions } from '../open-pool.ts';
import { openSchema } from '../open-schema.ts';
import { PostgresQueueDriver } from './postgres-queue-driver.ts';

export interface PostgresQueueOptions extends PoolOptions {
  /** The database schema that holds the tables, a Store's or one of its own. Queues of one schema are the same. Default `quorate`. */
  readonly schema?: string;
  /** Whether the schema is made where it is missing, which takes the right to. Default true. */
  readonly migrate?: boolean;
  /** Whether statements are prepared on the server. Behind a pooler that shares out transactions, say false. Default true. */
  readonly prepare?: boolean;
  /** Overrides what the server's settings say about its durability, where a standby takes part in each commit: `quorum`. */
  readonly durability?: Durability;
  /** The largest body of a message, headers included, and the largest state record. Default 1 MiB; at most 64 MiB. */
  readonly bodyMaxBytes?: number;
  /** After how long a waiting lease looks again though it was told of nothing, ms. Default 1,000. */
  readonly pollMs?: number;
  /** How many statements that put, or that settle, are under way at once; what comes meanwhile goes together. Default 2. */
  readonly batchesMax?: number;
  readonly clock?: Clock;
  readonly random?: Random;
}

const bodyLimitBytes = 64 * 2 ** 20;

/**
 * Opens a QueueStore on PostgreSQL 15 or later.
 *
 * `put(puts, { transaction })` takes a connection of the caller's own, such as a client of `pg`, on which a transaction is open:
 * the messages come with its commit, and never where it is rolled back.
 *
 * @throws QuorateError `UNAVAILABLE` where the server cannot be reached; `UNSUPPORTED` where it is too old, a standby that only
 *   reads, or has tables of another version
 */
export async function createPostgresQueueStore(options: PostgresQueueOptions): Promise<QueueStore> {
  const { schema = 'quorate', migrate = true, prepare = true, batchesMax = 2 } = options;
  const { clock = systemClock, random = systemRandom, bodyMaxBytes = 2 ** 20, pollMs } = options;
  const quoted = quoteIdentifier('Schema', schema);
  checkLimit('Largest body in bytes', bodyMaxBytes, 1024, bodyLimitBytes);
  checkLimit('Batches under way', batchesMax, 1, 100);
  if (pollMs !== undefined) checkLimit('Time between looks in ms', pollMs, 1, 2 ** 31 - 1);
  const [pool, close] = await openPool(options);
  try {
    const connections = new Connections(pool, prepare, clock);
    const parts = {
      schema: quoted,
      versionTable: 'queue_version',
      version: queueVersion,
      script: queueScript,
    };
    const durability = await openSchema(connections, { ...parts, migrate });
    const capabilities = capabilitiesOf(options.durability ?? durability, bodyMaxBytes);
    const driver = new PostgresQueueDriver({
      connections,
      capabilities,
      clock,
      random,
      schema: quoted,
      batchesMax,
      close,
    });
    return driveQueue(driver, pollMs === undefined ? { clock } : { clock, pollMs });
  } catch (thrown) {
    await close();
    throw thrown;
  }
}

/** @throws RangeError */
function checkLimit(what: string, value: number, min: number, max: number): void {
  if (Number.isInteger(value) && value >= min && value <= max) return;
  throw new RangeError(`${what} must be an integer from ${min} to ${max}: received ${value}`);
}

function capabilitiesOf(durability: Durability, bodyMaxBytes: number): QueueCapabilities {
  return {
    durability,
    atomicSettle: true,
    atomicPut: true,
    transactionalPut: true,
    crossProcess: true,
    lease: { readyAt: true, lanes: true, oneActivePerKey: true },
    abandon: true,
    leaseGranularityMs: 1,
    bodyMaxBytes,
  };
}
