/**
 * What every seam promises, as cases: run them on an engine of your own, with any test runner.
 *
 * @packageDocumentation
 */
export { FaultyStore, type StoreFaults } from './faulty-store.ts';
export {
  type RecordedHistory,
  type RecordedOperation,
  type RecordOptions,
  recordStoreHistory,
} from './record-history.ts';
export { runStoreCase, type StoreCase } from './store-case.ts';
export { storeCases } from './store-cases.ts';
export type { StoreStage } from './store-stage.ts';
export type { StoreClientOptions, StoreFault, StoreSubject } from './store-subject.ts';
export { FaultyQueueStore, type QueueFaults } from './queue/faulty-queue-store.ts';
export { type QueueCase, runQueueCase } from './queue/queue-case.ts';
export { queueCases } from './queue/queue-cases.ts';
export type { QueueStage } from './queue/queue-stage.ts';
export type { QueueClientOptions, QueueFault, QueueSubject } from './queue/queue-subject.ts';
