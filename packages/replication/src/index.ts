/**
 * Primary-replica replication with failover: one log on many nodes by Raft, acknowledged as each write asks.
 *
 * @packageDocumentation
 */
export {};
