/**
 * A Store and a QueueStore on NATS JetStream, from server 2.9: sessions, revisions, leases and watches by the order of a stream.
 *
 * @packageDocumentation
 */
export { createNatsStore, type NatsStoreOptions } from './host/create-nats-store.ts';
export type { NatsOptions } from './host/open-stream.ts';
export { createNatsQueueStore, type NatsQueueOptions } from './host/queue/create-nats-queue-store.ts';
