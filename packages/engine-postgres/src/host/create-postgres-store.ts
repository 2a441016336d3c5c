import {
  type Clock,
  type Durability,
  driveStore,
  type Random,
  type Store,
  type StoreCapabilities,
  systemClock,
  systemRandom,
} from '@quorate/core';
import { quoteIdentifier } from '../quote-identifier.ts';
import { schemaScript, schemaVersion } from '../schema/schema-script.ts';
import { Connections } from './connections.ts';
import { openPool, type PoolOptions } from './open-pool.ts';
import { openSchema } from './open-schema.ts';
import { PostgresDriver } from './postgres-driver.ts';

export interface PostgresStoreOptions extends PoolOptions {
  /** The database schema that holds the tables. Stores of one schema are one store. Default `quorate`. */
  readonly schema?: string;
  /** Whether the schema is made where it is missing, which takes the right to. Default true. */
  readonly migrate?: boolean;
  /** Whether statements are prepared on the server. Behind a pooler that shares out transactions, say false. Default true. */
  readonly prepare?: boolean;
  /** Overrides what the server's settings say about its durability, where a standby takes part in each commit: `quorum`. */
  readonly durability?: Durability;
  readonly clock?: Clock;
  readonly random?: Random;
}

/**
 * Opens a Store on PostgreSQL 15 or later.
 *
 * @throws QuorateError `UNAVAILABLE` where the server cannot be reached; `UNSUPPORTED` where it is too old, a standby that only
 *   reads, or has tables of another version
 */
export async function createPostgresStore(options: PostgresStoreOptions): Promise<Store> {
  const { schema = 'quorate', migrate = true, prepare = true } = options;
  const { clock = systemClock, random = systemRandom } = options;
  const quoted = quoteIdentifier('Schema', schema);
  const [pool, close] = await openPool(options);
  try {
    const connections = new Connections(pool, prepare, clock);
    const parts = { schema: quoted, versionTable: 'version', version: schemaVersion, script: schemaScript };
    const durability = await openSchema(connections, { ...parts, migrate });
    const capabilities = capabilitiesOf(options.durability ?? durability);
    const driver = new PostgresDriver({ connections, capabilities, clock, random, schema: quoted, close });
    return driveStore(driver, { clock });
  } catch (thrown) {
    await close();
    throw thrown;
  }
}

function capabilitiesOf(durability: Durability): StoreCapabilities {
  return {
    durability,
    linearizable: true,
    fenceSurvivesLoss: true,
    expiry: 'server',
    watch: 'push',
    ttlMinMs: 100,
    valueMaxBytes: 1_048_576,
    verbs: { enqueue: true, add: true, batch: true },
  };
}
