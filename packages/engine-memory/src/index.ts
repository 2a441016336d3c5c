/**
 * A Store in the memory of one process, and served to others over any transport: the model that every engine is held to.
 *
 * @packageDocumentation
 */
export { Memory, type MemoryOptions, type NextChanges } from './memory.ts';
export { createMemoryJournal, type MemoryJournalOptions } from './memory-journal.ts';
export { createMemoryQueueStore, type MemoryQueueOptions, type MemoryQueueStore } from './memory-queue.ts';
export { createMemoryStore, type MemoryClientOptions, type MemoryStore } from './memory-store.ts';
export { connectStore, type ConnectStoreOptions, type RemoteStore } from './remote/connect-store.ts';
export type { RemoteLinkOptions } from './remote/remote-link.ts';
export { serveStore, type ServeStoreOptions, type StoreServer } from './remote/store-server.ts';
