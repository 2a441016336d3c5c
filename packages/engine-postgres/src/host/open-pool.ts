import type { PostgresPool } from '../postgres-client.ts';

/** Where a store's connections come from. */
export interface PoolOptions {
  /** A pool of the `pg` package, which stays yours: closing the store does not end it. At least 3 connections. */
  readonly pool?: PostgresPool;
  /** Where the server is, for a pool of the store's own: `postgres://user:password@host:port/database`. */
  readonly connectionString?: string;
  /** The most connections of the store's own pool; one of them listens. Default 10. */
  readonly connectionsMax?: number;
}

/**
 * The pool to use, and what ends it where it is ours. Errors of idle connections are no errors of anybody's.
 *
 * @throws TypeError, RangeError
 */
export async function openPool(options: PoolOptions): Promise<[PostgresPool, () => Promise<void>]> {
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
