/**
 * Primary-replica replication with failover: one log on many nodes by Raft, acknowledged as each write asks.
 *
 * @packageDocumentation
 */
export {
  createReplicaClient,
  type ReplicaClient,
  type ReplicaClientOptions,
} from './client/replica-client.ts';
export { type CallHandlers, type IncomingCall, serveReplica } from './client/serve-replica.ts';
export type { CallPort } from './client/call-batcher.ts';
export { createReplica } from './replica/create-replica.ts';
export type {
  Reconfiguration,
  Reconfigured,
  ReconfigureOptions,
  Replica,
  ReplicaStatus,
  SessionOptions,
  TransferStatus,
} from './replica/replica.ts';
export { NotLeaderError } from './replica/replica-error.ts';
export type { EarlyRange, ReplicaEvent, ReplicaEventListener } from './replica/replica-event.ts';
export type { ReplicaOptions } from './replica/replica-options.ts';
export { type SharedTransport, shareTransport } from './replica/share-transport.ts';
export {
  bytesOf,
  valueMachine,
  type ValueMachineOptions,
  valueOf,
} from './replica/value-machine.ts';
export type {
  AckLevel,
  ReadMode,
  ReadOptions,
  SemiSync,
  WriteOptions,
  WriteReceipt,
} from './replica/write-options.ts';
export { ClientSession } from './sessions/client-session.ts';
export type { SessionOperation } from './wire/entry-payload.ts';
export { sessionWindowMax } from './wire/entry-payload.ts';
export type { Membership } from './raft/membership.ts';
export type { ProgressState, ProgressStatus, RaftRole } from './raft/raft-status.ts';
export type { TraceEvent, TraceStep } from './raft/trace-event.ts';
