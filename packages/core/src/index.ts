/**
 * The words and the seams of Quorate: what every package shares and what engines implement. Zero dependencies.
 *
 * @packageDocumentation
 */
export type { Brand } from './brand.ts';
export { boundedWait } from './bounded-wait.ts';
export { type Channel, type ChannelListener, defineChannel } from './channel.ts';
export { type Clock, sleep, type Timer } from './clock.ts';
export {
  type BootId,
  bootId,
  type FencingToken,
  fencingToken,
  type GroupId,
  groupId,
  idLengthMax,
  type LogIndex,
  logIndex,
  type MessageId,
  messageId,
  type NodeId,
  nodeId,
  type Revision,
  revision,
  type SessionId,
  sessionId,
  type Term,
  term,
} from './ids.ts';
export { crc32, crc32Portable } from './crc32.ts';
export { InvariantError, invariant } from './invariant.ts';
export type { Disk, DiskCapabilities, DiskFile, Done } from './disk.ts';
export { type LinkedSignal, type LinkOptions, linkSignal, type WaitOptions } from './link-signal.ts';
export {
  type FetchHandler,
  type IncomingRequest,
  nodeListener,
  type OutgoingResponse,
} from './node-listener.ts';
export {
  errorResponse,
  failureResponse,
  jsonResponse,
  keyOfRequest,
  readJsonBody,
  RefusedRequest,
} from './json-http.ts';
export { Wake } from './wake.ts';
export { ManualClock, type ManualClockOptions } from './manual-clock.ts';
export { errorCode, type Outcome, QuorateError, type QuorateErrorOptions } from './quorate-error.ts';
export { type Random, randomBytesMax, WordRandom } from './random.ts';
export { seededRandom, Xoshiro128 } from './seeded-random.ts';
export { systemClock, systemRandom } from './system.ts';
export type {
  HardState,
  Journal,
  JournalCapabilities,
  JournalWrite,
  LogEntry,
  RecoveredLog,
  SnapshotMetadata,
} from './journal/journal.ts';
export {
  checkJournalCompaction,
  checkJournalRange,
  checkJournalSnapshot,
  checkJournalWrite,
} from './journal/journal-arguments.ts';
export { JournalGroup, type LogBounds } from './journal/journal-group.ts';
export { ownedChunks, ownedLogEntry } from './journal/owned-journal.ts';
export { type JournalOperation, operationBytes, type StoredSnapshot } from './journal/journal-operation.ts';
export { BytePieces } from './queue/byte-pieces.ts';
export { driveQueue, type DriveQueueOptions } from './queue/drive-queue.ts';
export { ownedRecord } from './queue/owned-message.ts';
export { drivePartitions, type PartitionedQueues, type QueueStep } from './queue/partition-driver.ts';
export type {
  LeaseAnswer,
  PutCall,
  QueueDriver,
  QueueInspectorDriver,
  QueueStateDriver,
} from './queue/queue-driver.ts';
export type { MessageImage, PartitionImage, RememberedId } from './queue/partition-image.ts';
export type { Whereabouts } from './queue/queued-message.ts';
export {
  type LeaseQuery,
  type MessagesQuery,
  type PageQuery,
  QueuePartition,
  type QueuePartitionOptions,
} from './queue/queue-partition.ts';
export {
  type InspectedMessage,
  laneMax,
  type LeasedMessage,
  type LeaseHandle,
  type LeaseOptions,
  type MessageState,
  type NewMessage,
  type Page,
  pageMax,
  type PageOptions,
  type PutOptions,
  type PutResult,
  type QueueCapabilities,
  type QueueDepth,
  type QueueInspector,
  type QueuePut,
  type QueueState,
  type QueueStore,
  type RemoveResult,
  type Settlement,
  type SettleResult,
  type StateRecord,
  type StateResult,
  type StateWrite,
} from './queue/queue-store.ts';
export type { Committed, StateMachine, StateSnapshot } from './state-machine.ts';
export type {
  AddResult,
  Applied,
  BatchResult,
  BatchWrite,
  CallOptions,
  Condition,
  Durability,
  Enqueued,
  EnqueueResult,
  Entry,
  Listing,
  ListOptions,
  OperationId,
  Refused,
  Session,
  Store,
  StoreCapabilities,
  StoreEvent,
  Unknown,
  WriteResult,
} from './store/store.ts';
export { driveStore, type DriveStoreOptions, listMax } from './store/drive-store.ts';
export { EntryOrder } from './store/entry-order.ts';
export { KeptSession, type KeptSessionOptions, type Moment, momentOf } from './store/kept-session.ts';
export { ownedBatch, ownedEnqueued, ownedEntry, ownedWrite } from './store/owned-entry.ts';
export { checkKey, keyMaxBytes, partitionOf } from './store/store-arguments.ts';
export { SessionObserver, type SessionObserverOptions } from './store/session-observer.ts';
export type { DriverCall, StoreDriver } from './store/store-driver.ts';
export {
  type EntryWrite,
  type ListQuery,
  notANumber,
  queueKey,
  sessionLost,
  type StoreChange,
  StorePartition,
  type StorePartitionOptions,
  superseded,
  tooLarge,
} from './store/store-partition.ts';
export type { SendResult, Transport, TransportCapabilities, TransportHandlers } from './transport.ts';
