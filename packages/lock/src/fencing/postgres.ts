import { QuorateError } from '@quorate/core';
import { checkFence, checkResource, type FencedWrite } from './fenced-write.ts';

/** One connection of a PostgreSQL client: `Client` or `PoolClient` of `pg`, not a `Pool`. */
export interface PostgresConnection {
  query(
    text: string,
    values?: unknown[],
  ): Promise<{ readonly rows: readonly Record<string, unknown>[]; readonly command?: string }>;
}

/** Where the fences are. */
export interface PostgresFenceOptions {
  /** A plain name, with a schema or without. Default `quorate_fence`. See {@link postgresFenceTable}. */
  readonly table?: string;
}

/** The statement that makes the table: for the migrations of whoever uses it. @throws RangeError */
export function postgresFenceTable({ table = 'quorate_fence' }: PostgresFenceOptions = {}): string {
  return `create table if not exists ${checkTable(table)} (resource text primary key, fence bigint not null)`;
}

/**
 * Runs `write` in a transaction that a former holder cannot commit: it begins by raising the resource's fence, and ends at once
 * where the fence is higher already. Two with the same fence pass, one after the other.
 *
 * The connection must not be in a transaction. Its row is locked until the end, so all writers of a resource wait for each other.
 *
 * @throws what `write` throws; an Error where it went on after a statement had failed. Everything is rolled back then
 */
export async function fencedPostgresWrite<Connection extends PostgresConnection, Result>(
  connection: Connection,
  resource: string,
  fence: bigint,
  write: (connection: Connection) => Result | PromiseLike<Result>,
  { table = 'quorate_fence' }: PostgresFenceOptions = {},
): Promise<FencedWrite<Awaited<Result>>> {
  checkFence(fence);
  checkResource(resource);
  checkTable(table);
  await connection.query('begin');
  try {
    const newest = await raise(connection, table, resource, fence);
    if (newest !== undefined) {
      await connection.query('rollback');
      return { outcome: 'stale', newest };
    }
    const result = await write(connection);
    const { command } = await connection.query('commit');
    // PostgreSQL's answer where a statement had failed, and `write` went on all the same.
    if (command === 'ROLLBACK')
      throw new Error(`Nothing was written to "${resource}": a statement of its transaction had failed`);
    return { outcome: 'written', result };
  } catch (thrown) {
    // What ends the connection ends the transaction too.
    await connection.query('rollback').catch(() => {});
    throw thrown;
  }
}

/** How long to wait for a lock of a transaction. */
export interface TransactionLockOptions {
  /** Beside others who share it. Default false. */
  readonly shared?: boolean;
  /** Default: as long as the server lets it. Once it has passed the transaction can only be rolled back, as PostgreSQL has it. */
  readonly deadlineMs?: number;
}

/**
 * Holds a lock until the end of the transaction that the connection is in: the safest lock there is for what is in the same
 * database, since what was done under it is committed with it, or not at all. It needs no fence, no session and no store.
 *
 * Names are hashed to 64 bits; two that meet there wait for each other. Works behind PgBouncer in transaction mode, too.
 *
 * @throws QuorateError `DEADLINE_EXCEEDED`
 */
export async function lockInTransaction(
  connection: PostgresConnection,
  name: string,
  { shared = false, deadlineMs }: TransactionLockOptions = {},
): Promise<void> {
  const key = advisoryKey(name);
  const call = `pg_advisory_xact_lock${shared ? '_shared' : ''}`;
  if (deadlineMs === undefined || deadlineMs === Number.POSITIVE_INFINITY) {
    await connection.query(`select ${call}($1::bigint)`, [`${key}`]);
    return;
  }
  if (!(deadlineMs >= 0)) throw new RangeError(`Deadline in ms must be at least 0: received ${deadlineMs}`);
  // For this transaction alone, and only for this statement of it. 0 would be no limit at all.
  const limit = String(Math.max(1, Math.ceil(deadlineMs)));
  const { rows } = await connection.query(`select current_setting('lock_timeout') as before`);
  await connection.query(`select set_config('lock_timeout', $1, true)`, [limit]);
  try {
    await connection.query(`select ${call}($1::bigint)`, [`${key}`]);
  } catch (thrown) {
    if ((thrown as { code?: unknown }).code !== '55P03') throw thrown;
    throw new QuorateError('DEADLINE_EXCEEDED', `Lock "${name}" was not had within ${deadlineMs} ms`, {
      outcome: 'not-applied',
      retryable: true,
      cause: thrown,
    });
  }
  await connection.query(`select set_config('lock_timeout', $1, true)`, [rows[0]?.['before']]);
}

/** The same without waiting: whether it is held now. */
export async function tryLockInTransaction(
  connection: PostgresConnection,
  name: string,
  { shared = false }: Pick<TransactionLockOptions, 'shared'> = {},
): Promise<boolean> {
  const call = `pg_try_advisory_xact_lock${shared ? '_shared' : ''}`;
  const { rows } = await connection.query(`select ${call}($1::bigint) as held`, [`${advisoryKey(name)}`]);
  return rows[0]?.['held'] === true;
}

/** FNV-1a of the name's UTF-8, finished as in SplitMix64, as a signed integer: PostgreSQL's advisory locks have such names. */
export function advisoryKey(name: string): bigint {
  if (typeof name !== 'string')
    throw new TypeError(`Name of a lock must be a string: received ${String(name)}`);
  let hash = 0xcbf2_9ce4_8422_2325n;
  for (const byte of new TextEncoder().encode(name)) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100_0000_01b3n);
  }
  hash = BigInt.asUintN(64, (hash ^ (hash >> 30n)) * 0xbf58_476d_1ce4_e5b9n);
  hash = BigInt.asUintN(64, (hash ^ (hash >> 27n)) * 0x94d0_49bb_1331_11ebn);
  return BigInt.asIntN(64, hash ^ (hash >> 31n));
}

/** The newer fence that is there, if there is one. */
async function raise(
  connection: PostgresConnection,
  table: string,
  resource: string,
  fence: bigint,
): Promise<bigint | undefined> {
  const raised = await connection.query(
    `insert into ${table} as known (resource, fence) values ($1, $2::bigint) on conflict (resource) do update` +
      ` set fence = excluded.fence where known.fence <= excluded.fence returning fence`,
    [resource, `${fence}`],
  );
  if (raised.rows.length > 0) return undefined;
  const { rows } = await connection.query(`select fence::text as fence from ${table} where resource = $1`, [
    resource,
  ]);
  return BigInt(rows[0]?.['fence'] as string);
}

function checkTable(table: string): string {
  if (/^[a-z_][a-z0-9_]{0,62}(\.[a-z_][a-z0-9_]{0,62})?$/.test(table)) return table;
  throw new RangeError(`Name of a table must be plain and lower case: received "${table}"`);
}
