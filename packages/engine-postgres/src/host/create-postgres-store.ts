import {
  type Clock,
  type Durability,
  driveStore,
  errorCode,
  QuorateError,
  type Random,
  type Store,
  type StoreCapabilities,
  systemClock,
  systemRandom,
} from '@quorate/core';
import type { PostgresConnection, PostgresPool } from '../postgres-client.ts';
import { quoteIdentifier } from '../quote-identifier.ts';
import { schemaScript, schemaVersion } from '../schema/schema-script.ts';
import { serverError, unavailable } from '../server-error.ts';
import { Connections } from './connections.ts';
import { PostgresDriver } from './postgres-driver.ts';

export interface PostgresStoreOptions {
  /** A pool of the `pg` package, which stays yours: closing the store does not end it. At least 3 connections. */
  readonly pool?: PostgresPool;
  /** Where the server is, for a pool of the store's own: `postgres://user:password@host:port/database`. */
  readonly connectionString?: string;
  /** The most connections of the store's own pool; one of them listens. Default 10. */
  readonly connectionsMax?: number;
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

const versionMin = 150_000;

/**
 * Opens a Store on PostgreSQL 15 or later.
 *
 * @throws QuorateError `UNAVAILABLE` where the server cannot be reached; `UNSUPPORTED` where it is too old, a standby that only
 *   reads, or has tables of a later version
 */
export async function createPostgresStore(options: PostgresStoreOptions): Promise<Store> {
  const { schema = 'quorate', migrate = true, prepare = true } = options;
  const { clock = systemClock, random = systemRandom } = options;
  const quoted = quoteIdentifier('Schema', schema);
  const [pool, close] = await poolOf(options);
  try {
    const connections = new Connections(pool, prepare, clock);
    const connection = await connections.connect();
    let capabilities: StoreCapabilities;
    let isOpen = false;
    try {
      capabilities = await readCapabilities(connection, options.durability);
      if (migrate) await makeSchema(connection, quoted);
      await checkSchema(connection, quoted);
      isOpen = true;
    } catch (thrown) {
      throw thrown instanceof QuorateError ? thrown : openingFailed(thrown);
    } finally {
      connection.release(!isOpen);
    }
    const driver = new PostgresDriver({ connections, capabilities, clock, random, schema: quoted, close });
    return driveStore(driver, { clock });
  } catch (thrown) {
    await close();
    throw thrown;
  }
}

/** The pool to use, and what ends it where it is ours. Errors of idle connections are no errors of anybody's. */
async function poolOf(options: PostgresStoreOptions): Promise<[PostgresPool, () => Promise<void>]> {
  const { pool, connectionString, connectionsMax = 10 } = options;
  const ignore = (): void => {};
  if (pool !== undefined) {
    pool.on('error', ignore);
    return [pool, async () => void pool.off('error', ignore)];
  }
  if (typeof connectionString !== 'string') {
    throw new TypeError(
      `Either a pool or a connection string must be given: received ${String(connectionString)}`,
    );
  }
  if (!Number.isInteger(connectionsMax) || connectionsMax < 3) {
    throw new RangeError(`Most connections must be an integer of at least 3: received ${connectionsMax}`);
  }
  const { default: pg } = await import('pg');
  const own = new pg.Pool({
    connectionString,
    max: connectionsMax,
    keepAlive: true,
  }) as unknown as PostgresPool;
  own.on('error', ignore);
  return [own, async () => void (await own.end())];
}

async function readCapabilities(
  connection: PostgresConnection,
  durability: Durability | undefined,
): Promise<StoreCapabilities> {
  const { rows } = await connection.query({
    text: `select current_setting('server_version_num')::integer as version, current_setting('fsync') as fsync,
      current_setting('synchronous_commit') as commit, pg_is_in_recovery() as standby`,
  });
  const [{ version, fsync, commit, standby }] = rows as [Record<string, unknown>];
  if (Number(version) < versionMin) {
    throw unsupported(`PostgreSQL must be of version 15 or later: the server says ${String(version)}`);
  }
  if (standby === true) throw unsupported('PostgreSQL must be the primary: this server is a standby');
  // Without its own sync the server answers before the commit is on disk, and loses the last ones when it crashes.
  const isSynced = fsync === 'on' && commit !== 'off';
  return {
    durability: durability ?? (isSynced ? 'fsync' : 'memory'),
    linearizable: true,
    fenceSurvivesLoss: true,
    expiry: 'server',
    watch: 'push',
    ttlMinMs: 100,
    valueMaxBytes: 1_048_576,
    verbs: { enqueue: true, add: true, batch: true },
  };
}

/** Makes the tables and functions, or brings the functions up to date, one client at a time. */
async function makeSchema(connection: PostgresConnection, schema: string): Promise<void> {
  const run = async (text: string): Promise<unknown> => connection.query({ text });
  await run('begin isolation level read committed read write');
  try {
    await run(`select pg_advisory_xact_lock(hashtextextended('quorate ${schema.replaceAll("'", "''")}', 0))`);
    if ((await versionIn(connection, schema)) !== schemaVersion) {
      await run(schemaScript(schema));
      await run(`insert into ${schema}.version select ${schemaVersion}
        where not exists (select 1 from ${schema}.version)`);
    }
    await run('commit');
  } catch (thrown) {
    await run('rollback').catch(() => {});
    throw thrown;
  }
}

/** The version of the tables; nothing where there are none. */
async function versionIn(connection: PostgresConnection, schema: string): Promise<number | undefined> {
  const made = await connection.query({
    text: `select to_regclass($1) is not null as made`,
    values: [`${schema}.version`],
  });
  if (made.rows[0]?.['made'] !== true) return undefined;
  const { rows } = await connection.query({ text: `select version from ${schema}.version` });
  return rows[0]?.['version'] as number | undefined;
}

async function checkSchema(connection: PostgresConnection, schema: string): Promise<void> {
  const version = await versionIn(connection, schema);
  if (version === schemaVersion) return;
  const found = version === undefined ? 'there are none' : `found ${version}`;
  throw unsupported(`Tables in ${schema} must be of version ${schemaVersion}: ${found}`);
}

/** Nothing was written, or what was can be written again. */
function openingFailed(thrown: unknown): unknown {
  const failed = serverError(thrown, {});
  return errorCode(failed) === 'UNAVAILABLE'
    ? unavailable(`PostgreSQL failed: ${(thrown as Error).message}`, false, thrown)
    : failed;
}

function unsupported(message: string): QuorateError {
  return new QuorateError('UNSUPPORTED', message, { outcome: 'not-applied' });
}
