/**
 * Fair, fenced locks that tell their holder in time: mutex, read-write lock, semaphore and election, between threads, processes and machines.
 *
 * @packageDocumentation
 */
export {};
