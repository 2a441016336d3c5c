/**
 * Real servers, and links that break, for tests, benches and the integration package. Private.
 *
 * @packageDocumentation
 */
export { freePort } from './host/free-port.ts';
export { LinkedClients, type LinkFaults } from './host/linked-clients.ts';
export { missing, type Program, skipReason } from './host/programs.ts';
export type { Server } from './host/server-process.ts';
export { type EtcdCluster, startEtcdCluster } from './host/start-etcd-cluster.ts';
export { type NatsOptions, startNats } from './host/start-nats.ts';
export { type PostgresOptions, startPostgres } from './host/start-postgres.ts';
export { type Proxy, type ProxyOptions, type ProxyWay, startProxy } from './host/start-proxy.ts';
export { type RedisOptions, startRedis } from './host/start-redis.ts';
export { type RedisCluster, startRedisCluster } from './host/start-redis-cluster.ts';
