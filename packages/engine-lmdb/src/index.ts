/**
 * A Store for the processes of one machine on LMDB: durable as you choose, woken by sockets, dead holders noticed by the kernel.
 *
 * @packageDocumentation
 */
export { createLmdbQueueStore, type LmdbQueueStoreOptions } from './host/lmdb-queue-store.ts';
export { createLmdbStore, type LmdbStoreOptions } from './host/lmdb-store.ts';
