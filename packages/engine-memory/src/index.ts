/**
 * A Store in the memory of one process, and served to others over any transport: the model that every engine is held to.
 *
 * @packageDocumentation
 */
export { Memory, type MemoryOptions } from './memory.ts';
export { createMemoryStore, type MemoryClientOptions, type MemoryStore } from './memory-store.ts';
