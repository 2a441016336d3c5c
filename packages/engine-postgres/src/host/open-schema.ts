import { type Durability, errorCode, QuorateError } from '@quorate/core';
import type { PostgresConnection } from '../postgres-client.ts';
import { serverError, unavailable } from '../server-error.ts';
import type { Connections } from './connections.ts';

const versionMin = 150_000;

/** What a store keeps in a schema: its script, and where the version of what is there is written down. */
export interface SchemaParts {
  /** As a quoted identifier. */
  readonly schema: string;
  /** The name of the table that holds the version. */
  readonly versionTable: string;
  readonly version: number;
  readonly script: (schema: string) => string;
  /** Whether it is made where it is missing. */
  readonly migrate: boolean;
}

/**
 * Makes and checks what a store keeps, and says how durable the server's settings make it.
 *
 * @throws QuorateError `UNAVAILABLE`, `UNSUPPORTED`, `STORE_REFUSED`
 */
export async function openSchema(connections: Connections, parts: SchemaParts): Promise<Durability> {
  const connection = await connections.connect();
  let isOpen = false;
  try {
    const durability = await readDurability(connection);
    if (parts.migrate) await makeSchema(connection, parts);
    await checkSchema(connection, parts);
    isOpen = true;
    return durability;
  } catch (thrown) {
    throw thrown instanceof QuorateError ? thrown : openingFailed(thrown);
  } finally {
    connection.release(!isOpen);
  }
}

async function readDurability(connection: PostgresConnection): Promise<Durability> {
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
  return fsync === 'on' && commit !== 'off' ? 'fsync' : 'memory';
}

/** Makes the tables and functions where there are none, one client at a time. Those of another version are for its clients to call. */
async function makeSchema(connection: PostgresConnection, parts: SchemaParts): Promise<void> {
  const { schema, versionTable, version, script } = parts;
  const run = async (text: string): Promise<unknown> => connection.query({ text });
  await run('begin isolation level read committed read write');
  try {
    await run(`select pg_advisory_xact_lock(hashtextextended('quorate ${schema.replaceAll("'", "''")}', 0))`);
    if ((await versionIn(connection, parts)) === undefined) {
      await run(script(schema));
      await run(`insert into ${schema}.${versionTable} values (${version})`);
    }
    await run('commit');
  } catch (thrown) {
    await run('rollback').catch(() => {});
    throw thrown;
  }
}

/** The version of the tables; nothing where there are none. */
async function versionIn(
  connection: PostgresConnection,
  { schema, versionTable }: SchemaParts,
): Promise<number | undefined> {
  const made = await connection.query({
    text: `select to_regclass($1) is not null as made`,
    values: [`${schema}.${versionTable}`],
  });
  if (made.rows[0]?.['made'] !== true) return undefined;
  const { rows } = await connection.query({ text: `select version from ${schema}.${versionTable}` });
  return rows[0]?.['version'] as number | undefined;
}

async function checkSchema(connection: PostgresConnection, parts: SchemaParts): Promise<void> {
  const version = await versionIn(connection, parts);
  if (version === parts.version) return;
  const found = version === undefined ? 'there are none' : `found ${version}`;
  throw unsupported(`Tables in ${parts.schema} must be of version ${parts.version}: ${found}`);
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
