import type { PostgresQuery } from '../../postgres-client.ts';

/** A connection of the caller's own, in a transaction that the caller began and will end: a client of the `pg` package, or alike. */
export interface PostgresTransaction {
  query(query: PostgresQuery): Promise<{ rows: Record<string, unknown>[] }>;
}

/** @throws TypeError */
export function checkTransaction(transaction: unknown): asserts transaction is PostgresTransaction {
  if (typeof (transaction as Partial<PostgresTransaction> | null)?.query === 'function') return;
  throw new TypeError(`Transaction must be a connection of PostgreSQL: received ${String(transaction)}`);
}
