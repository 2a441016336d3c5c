/**
 * A Store on NATS JetStream, from server 2.9: sessions, revisions and watches by the order of a stream.
 *
 * @packageDocumentation
 */
export { createNatsStore, type NatsStoreOptions } from './host/create-nats-store.ts';
