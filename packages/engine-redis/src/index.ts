/**
 * A Store and a QueueStore on Redis 7 or Valkey, also Cluster: sessions, revisions, watches, exactly-once operations, and messages with
 * leases, in Lua.
 *
 * @packageDocumentation
 */
export { createRedisQueueStore, type RedisQueueStoreOptions } from './host/create-redis-queue-store.ts';
export { createRedisStore, type RedisStoreOptions } from './host/create-redis-store.ts';
export type { RedisTemplate } from './host/redis-client.ts';
