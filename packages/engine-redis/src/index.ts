/**
 * A Store on Redis 7 or Valkey, also Cluster: sessions, revisions, watches and exactly-once operations in Lua.
 *
 * @packageDocumentation
 */
export {};
