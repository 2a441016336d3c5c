/**
 * Messages and tasks with one stated contract on every engine of the QueueStore seam.
 *
 * @packageDocumentation
 */
export {};
