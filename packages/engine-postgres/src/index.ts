/**
 * A Store and queues on PostgreSQL 15 and later: revisions in the order of commits, sessions by the server's clock, messages that join
 * a transaction of yours, LISTEN that may be lost.
 *
 * @packageDocumentation
 */
export { createPostgresStore, type PostgresStoreOptions } from './host/create-postgres-store.ts';
export type { PoolOptions } from './host/open-pool.ts';
export {
  createPostgresQueueStore,
  type PostgresQueueOptions,
} from './host/queue/create-postgres-queue-store.ts';
export type { PostgresTransaction } from './host/queue/postgres-transaction.ts';
export type {
  PostgresConnection,
  PostgresNotification,
  PostgresPool,
  PostgresQuery,
} from './postgres-client.ts';
