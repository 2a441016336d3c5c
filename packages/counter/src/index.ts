/**
 * Counters that count once: exactly-once adds, sharded and CRDT counters, sequences and time-ordered ids.
 *
 * @packageDocumentation
 */
export {};
