/**
 * A Store on PostgreSQL 15 and later: revisions in the order of commits, sessions by the server's clock, LISTEN that may be lost.
 *
 * @packageDocumentation
 */
export { createPostgresStore, type PostgresStoreOptions } from './host/create-postgres-store.ts';
export type {
  PostgresConnection,
  PostgresNotification,
  PostgresPool,
  PostgresQuery,
} from './postgres-client.ts';
