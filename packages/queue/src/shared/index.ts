/**
 * Queues between threads, over shared memory.
 *
 * @packageDocumentation
 */
export {};
