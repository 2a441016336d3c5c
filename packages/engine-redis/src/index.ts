/**
 * A Store on Redis 7 or Valkey, also Cluster: sessions, revisions, watches and exactly-once operations in Lua.
 *
 * @packageDocumentation
 */
export { createRedisStore, type RedisStoreOptions } from './host/create-redis-store.ts';
export type { RedisTemplate } from './host/redis-client.ts';
